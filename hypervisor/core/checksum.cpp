// SPDX-License-Identifier: MIT
#include "hypervisor/core/checksum.hpp"

#include <span>

#include "base/crc32c.hpp"
#include "hypervisor/core/halt.hpp"
#include "hypervisor/core/hypercall.hpp"
#include "hypervisor/core/image_pages.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/core/requests.hpp"
#include "hypervisor/core/script_run.hpp"

namespace hyperdbg {

namespace {

using Bytes = std::span<const u8>;

// Of image.ld.
extern "C" [[gnu::visibility("hidden")]] const u8 image_rodata_start[];
extern "C" [[gnu::visibility("hidden")]] const u8 image_data_start[];
extern "C" [[gnu::visibility("hidden")]] const u8 image_end[];

Bytes between(const void* from, const void* to) {
  return {static_cast<const u8*>(from), static_cast<const u8*>(to)};
}

struct Sum {
  u32 crc = 0;
  u64 bytes = 0;
  void add(Bytes part) {
    crc = crc32c(part.data(), part.size(), crc);
    bytes += part.size();
  }
};

/*
 * What of the data segment changes although nobody has damaged it. Stacks, arenas, rings and Vcpus lie elsewhere.
 *
 *   requests and their answers, the halt and its cause   what the debugger asks
 *   contexts of running scripts                          registers, fuel and arena of a run
 *   engine: what a core is inside of, globals, finger    evaluation, .globals, listing of events
 *   pool, nested tables, stop, line, readers, clock      memory that the guest touches first, the talk with the
 * debugger
 */
constexpr u32 changing_count = 9;
struct Changing {
  Bytes parts[changing_count];

  Changing() {
    const auto engine = machine.engine.changing_parts();
    const Bytes all[] = {answer_buffer(),
                         request_buffer(),
                         halt_state(),
                         running_scripts(),
                         engine[0],
                         engine[1],
                         engine[2],
                         between(&machine.pool, &machine.engine),
                         between(&machine.stop, &machine + 1)};
    static_assert(sizeof(all) == sizeof(parts));
    for (u32 i = 0; i < changing_count; ++i) insert(i, all[i]);
  }

 private:
  // By address.
  void insert(u32 count, Bytes part) {
    for (; count > 0 && parts[count - 1].data() > part.data(); --count) parts[count] = parts[count - 1];
    parts[count] = part;
  }
};

Sum data_sum() {
  Sum sum;
  const u8* at = image_data_start;
  const Changing changing;
  for (const Bytes part : changing.parts) {
    sum.add(between(at, part.data()));
    at = part.data() + part.size();
  }
  sum.add(between(at, image_end));
  return sum;
}

}  // namespace

hyperdbg_checksums image_checksums() {
  const auto* start = reinterpret_cast<const u8*>(HYPERDBG_IMAGE_BASE);
  Sum text, rodata, scripts;
  text.add(between(start, image_rodata_start));
  rodata.add(between(image_rodata_start, image_data_start));
  for (Bytes page = code_page_from(0); !page.empty();
       page = code_page_from(reinterpret_cast<u64>(page.data()) + page.size()))
    scripts.add(page);
  const Sum data = data_sum();
  return {.text = text.crc,
          .rodata = rodata.crc,
          .data = data.crc,
          .scripts = scripts.crc,
          .text_bytes = text.bytes,
          .rodata_bytes = rodata.bytes,
          .data_bytes = data.bytes,
          .script_bytes = scripts.bytes};
}

}  // namespace hyperdbg
