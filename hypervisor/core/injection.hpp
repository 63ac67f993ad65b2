// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"

namespace hyperdbg {

struct Vcpu;

// AMD APM vol. 2, 15.20 "Event Injection" and Intel SDM vol. 3, table 25-17 number them alike; AMD has no 5 and 6.
enum class InjectionType : u8 {
  external_interrupt = 0,
  nmi = 2,
  exception = 3,
  software_interrupt = 4,             // INT n
  privileged_software_exception = 5,  // INT1
  software_exception = 6,             // INT3, INTO
};

// What the guest finds delivered when it runs again.
struct Injection {
  InjectionType type = InjectionType::exception;
  u8 vector = 0;
  bool has_error_code = false;
  u32 error_code = 0;
  u8 length = 0;  // of the instruction that raised it on purpose: it returns behind that
};

constexpr Injection fault_of(u8 vector) {
  return {.vector = vector};
}
constexpr Injection fault_of(u8 vector, u32 error_code) {
  return {.vector = vector, .has_error_code = true, .error_code = error_code};
}
inline constexpr Injection invalid_opcode_fault = fault_of(6);
inline constexpr Injection general_protection_fault = fault_of(13, 0);

// Exceptions that push an error code: #DF, #TS, #NP, #SS, #GP, #PF, #AC, #CP, and AMD's #VC and #SX.
constexpr bool has_error_code(u8 vector) {
  constexpr u32 vectors = 1u << 8 | 0x1fu << 10 | 1u << 17 | 1u << 21 | 1u << 29 | 1u << 30;
  return vector < 32 && (vectors >> vector & 1) != 0;
}

// What becomes of an exception that arises while another event is being delivered. Intel SDM vol. 3, table 6-5
// "Conditions for Generating a Double Fault"; AMD APM vol. 2, 8.2.9.
enum class Collision : u8 {
  serial,        // the second is delivered; an interrupt that it held up comes after it
  double_fault,  // #DF in the place of both
  shutdown,
};
constexpr Collision collide(u8 first, u8 second) {
  constexpr u32 contributory = 1u << 0 | 0xfu << 10 | 1u << 21, page_faults = 1u << 14 | 1u << 20;
  const bool second_counts = second < 32 && ((contributory | page_faults) >> second & 1) != 0;
  if (first >= 32 || !second_counts) return Collision::serial;
  if (first == 8) return Collision::shutdown;
  if ((page_faults >> first & 1) != 0) return Collision::double_fault;
  return (contributory >> first & 1) != 0 && (contributory >> second & 1) != 0 ? Collision::double_fault
                                                                               : Collision::serial;
}

// An NMI or interrupt that an exception takes the place of: it has been acknowledged, and comes when the guest can take
// it. Anything else is not delivered.
void inject_later(Vcpu& vcpu, const Injection& displaced);

// What a script asks for: a type and a vector that go together are injected when the guest can take them. Otherwise the
// result says why not. The error code is for exceptions that have one.
const char* request_injection(Vcpu& vcpu, u64 type, u64 vector, u32 error_code);

}  // namespace hyperdbg
