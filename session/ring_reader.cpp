// SPDX-License-Identifier: MIT
#include "session/ring_reader.hpp"

namespace hyperdbg {

bool drain_ring(hyperdbg_ring& ring, const std::uint8_t* data, Bytes& records) {
  const std::uint64_t size = ring.size;
  const std::uint64_t head = __atomic_load_n(&ring.head, __ATOMIC_ACQUIRE);
  std::uint64_t tail = ring.tail;
  bool sane = size != 0 && (size & (size - 1)) == 0 && head - tail <= size;
  while (sane && tail != head) {
    const std::uint64_t offset = tail & (size - 1);
    struct Start {
      std::uint32_t size;
      std::uint16_t kind;
      std::uint16_t core;
    };
    // Of a PAD at the very end there may be no more than these eight bytes.
    const auto start = object_at<Start>({data, size}, offset);
    sane = start && start->size >= sizeof(Start) && start->size % 8 == 0 && start->size <= head - tail &&
           start->size <= size - offset &&
           (start->kind == HYPERDBG_RECORD_PAD || start->size >= sizeof(hyperdbg_record));
    if (!sane) break;
    if (start->kind != HYPERDBG_RECORD_PAD) append(records, {data + offset, start->size});
    tail += start->size;
  }
  __atomic_store_n(&ring.tail, sane ? tail : head, __ATOMIC_RELEASE);
  return sane;
}

}  // namespace hyperdbg
