// SPDX-License-Identifier: MIT
#pragma once
#include "abi/script.h"
#include "base/types.hpp"

// What the .S files of this folder define; the comments on arguments stand there.
namespace hyperdbg {
struct CodeCall;
struct Vcpu;
struct VectorState;
}  // namespace hyperdbg

// Hidden, so that they are reached without a GOT.
#pragma GCC visibility push(hidden)
extern "C" {
[[noreturn]] void svm_run(hyperdbg::Vcpu* vcpu, hyperdbg::u64 vmcb);
void svm_take_nmi();
void svm_take_interrupt();
void svm_try_xsetbv(hyperdbg::u64 vmcb);
void svm_xsetbv_guest();
void svm_save(hyperdbg::u64 vmcb);
void svm_load(hyperdbg::u64 vmcb);
void svm_close_gif();
[[noreturn]] void vmx_run(hyperdbg::Vcpu* vcpu);
void vmx_exit();
void vmx_unblock_nmi();
void load_code_segment(hyperdbg::u64 selector);
[[noreturn]] void image_leave(hyperdbg::u64 rsp, hyperdbg::u64 rip, hyperdbg::u64 cr3, hyperdbg::u64 host_save,
                              hyperdbg::u64 vendor);
hyperdbg::u64 script_call(hyperdbg_script_context* context, const void* entry, hyperdbg::u64* unwind);
hyperdbg::u64 code_call(const hyperdbg::CodeCall* call, hyperdbg::u64* stack);
void code_returned();
void code_unwind();
void code_read_2();
void code_read_4();
void code_read_8();
void code_write_2();
void code_write_8();
[[noreturn]] void script_unwind(hyperdbg::u64 unwind);
void vectors_save(hyperdbg::VectorState* state);
void vectors_load(const hyperdbg::VectorState* state);
extern const hyperdbg::u8 exception_entries[256 * 16];
}
#pragma GCC visibility pop
