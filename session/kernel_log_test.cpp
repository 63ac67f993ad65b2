// SPDX-License-Identifier: MIT
#include "session/kernel_log.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace hyperdbg {
namespace {

// A small printk ring in memory, laid out as the types of the running kernel say.
class FakeLog {
 public:
  static constexpr std::uint64_t base = 0xffffffff82000000;
  static constexpr std::uint64_t ring = base + 0x100, descs = base + 0x1000, infos = base + 0x2000,
                                 data = base + 0x3000;
  static constexpr unsigned count_bits = 3, size_bits = 8;

  explicit FakeLog(const Btf& types) : types_(types), memory_(0x4000) {
    put(base, ring);
    put32(ring + at("printk_ringbuffer", "desc_ring.count_bits"), count_bits);
    put(ring + at("printk_ringbuffer", "desc_ring.descs"), descs);
    put(ring + at("printk_ringbuffer", "desc_ring.infos"), infos);
    put32(ring + at("printk_ringbuffer", "text_data_ring.size_bits"), size_bits);
    put(ring + at("printk_ringbuffer", "text_data_ring.data"), data);
  }

  void set_range(std::uint64_t tail, std::uint64_t head) {
    put(ring + at("printk_ringbuffer", "desc_ring.tail_id"), tail);
    put(ring + at("printk_ringbuffer", "desc_ring.head_id"), head);
  }

  // The block [begin, next) of the data ring; its text lies at the ring's start if the block wraps.
  void add(std::uint64_t id, unsigned state, std::uint64_t begin, std::uint64_t next, std::string_view text) {
    const std::uint64_t index = id & ((1 << count_bits) - 1);
    const std::uint64_t desc = descs + index * *types_.size_of("prb_desc");
    const std::uint64_t info = infos + index * *types_.size_of("printk_info");
    put(desc + at("prb_desc", "state_var"), id | static_cast<std::uint64_t>(state) << 62);
    put(desc + at("prb_desc", "text_blk_lpos.begin"), begin);
    put(desc + at("prb_desc", "text_blk_lpos.next"), next);
    put(info + at("printk_info", "ts_nsec"), 1500000000);
    put32(info + at("printk_info", "text_len"), static_cast<std::uint32_t>(text.size()));
    if ((begin & 1) != 0) return;
    const std::uint64_t mask = (1 << size_bits) - 1;
    const bool wraps = (begin >> size_bits) != (next >> size_bits);
    std::memcpy(&memory_[data - base + (wraps ? 0 : begin & mask) + 8], text.data(), text.size());
  }

  Expected<std::string> read(std::size_t records) {
    return read_kernel_log(base, types_, records, [this](std::uint64_t address, std::size_t size) -> Expected<Bytes> {
      if (address < base || address + size > base + memory_.size()) return fail("not there: {:x}", address);
      const auto from = memory_.begin() + static_cast<std::ptrdiff_t>(address - base);
      return Bytes(from, from + static_cast<std::ptrdiff_t>(size));
    });
  }

 private:
  std::uint64_t at(const std::string& structure, const std::string& member) {
    return *types_.offset_of(structure, member);
  }
  void put(std::uint64_t address, std::uint64_t value) { std::memcpy(&memory_[address - base], &value, sizeof value); }
  void put32(std::uint64_t address, std::uint32_t value) {
    std::memcpy(&memory_[address - base], &value, sizeof value);
  }

  const Btf& types_;
  Bytes memory_;
};

TEST(KernelLog, reads_finished_records_in_order) {
  const auto types = Btf::load("/sys/kernel/btf/vmlinux");
  if (!types) GTEST_SKIP() << types.error();
  constexpr unsigned committed = 1, finalized = 2, reserved = 0;
  FakeLog log(*types);
  log.set_range(6, 10);
  log.add(6, finalized, 0xa0, 0xc0, "first");
  log.add(7, finalized, 0xc0, 0xe0, "two\nlines");
  log.add(8, finalized, 0xe0, 0x118, "wrapped");
  log.add(9, committed, 3, 3, "");
  log.add(10, reserved, 0x118, 0x130, "being written");
  EXPECT_EQ(log.read(100).value_or("failed"),
            "[    1.500000] first\n"
            "[    1.500000] two\n               lines\n"
            "[    1.500000] wrapped\n"
            "[    1.500000] \n");
  EXPECT_EQ(log.read(3).value_or("failed"), "[    1.500000] wrapped\n[    1.500000] \n");
}

TEST(KernelLog, survives_nonsense) {
  const auto types = Btf::load("/sys/kernel/btf/vmlinux");
  if (!types) GTEST_SKIP() << types.error();
  FakeLog log(*types);
  log.set_range(0, ~0ull);
  for (std::uint64_t id = 0; id < 8; ++id) log.add(id, 2, id * 0x1234560, ~0ull - 7, "x");
  static_cast<void>(log.read(~std::size_t{0}));
  const auto nowhere =
      read_kernel_log(0, *types, 10, [](std::uint64_t, std::size_t) -> Expected<Bytes> { return fail("no"); });
  EXPECT_FALSE(nowhere);
}

}  // namespace
}  // namespace hyperdbg
