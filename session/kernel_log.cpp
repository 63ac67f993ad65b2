// SPDX-License-Identifier: MIT
#include "session/kernel_log.hpp"

#include <algorithm>
#include <map>

namespace hyperdbg {
namespace {

// What has to be known of the kernel's structures.
struct Layout {
  std::uint64_t count_bits, descs, infos, head_id, tail_id, size_bits, data;  // in printk_ringbuffer
  std::uint64_t desc_size, state, begin, next;                                // in prb_desc
  std::uint64_t info_size, time, text_length;                                 // in printk_info
};

Loaded<Layout> find_layout(const Btf& types) {
  Layout layout{};
  struct Wanted {
    std::uint64_t* to;
    const char* structure;
    const char* member;
  };
  const Wanted wanted[] = {
      {&layout.count_bits, "printk_ringbuffer", "desc_ring.count_bits"},
      {&layout.descs, "printk_ringbuffer", "desc_ring.descs"},
      {&layout.infos, "printk_ringbuffer", "desc_ring.infos"},
      {&layout.head_id, "printk_ringbuffer", "desc_ring.head_id"},
      {&layout.tail_id, "printk_ringbuffer", "desc_ring.tail_id"},
      {&layout.size_bits, "printk_ringbuffer", "text_data_ring.size_bits"},
      {&layout.data, "printk_ringbuffer", "text_data_ring.data"},
      {&layout.state, "prb_desc", "state_var"},
      {&layout.begin, "prb_desc", "text_blk_lpos.begin"},
      {&layout.next, "prb_desc", "text_blk_lpos.next"},
      {&layout.time, "printk_info", "ts_nsec"},
      {&layout.text_length, "printk_info", "text_len"},
  };
  for (const Wanted& one : wanted) {
    const auto offset = types.offset_of(one.structure, one.member);
    if (!offset) return std::unexpected(offset.error());
    *one.to = *offset;
  }
  const auto desc_size = types.size_of("prb_desc");
  const auto info_size = types.size_of("printk_info");
  if (!desc_size || !info_size) return std::unexpected("the kernel's types are incomplete");
  layout.desc_size = *desc_size;
  layout.info_size = *info_size;
  return layout;
}

// Neighbouring records share pages, and a page is one question on the line.
class PageCache {
 public:
  explicit PageCache(const ReadBytes& read) : read_(read) {}

  Expected<Bytes> read(std::uint64_t address, std::size_t size) {
    Bytes bytes;
    while (bytes.size() < size) {
      const std::uint64_t at = address + bytes.size();
      const std::uint64_t page = at & ~(page_bytes - 1);
      auto found = pages_.find(page);
      if (found == pages_.end()) found = pages_.emplace(page, TRY_EXPECTED(read_(page, page_bytes))).first;
      const std::size_t from = at - page;
      append(bytes,
             ByteView(found->second).subspan(from, std::min<std::size_t>(page_bytes - from, size - bytes.size())));
    }
    return bytes;
  }

  template <class T>
  Expected<T> value(std::uint64_t address) {
    const Bytes bytes = TRY_EXPECTED(read(address, sizeof(T)));
    return *object_at<T>(bytes);
  }

 private:
  static constexpr std::uint64_t page_bytes = 4096;
  const ReadBytes& read_;
  std::map<std::uint64_t, Bytes> pages_;
};

struct Ring {
  Layout layout;
  std::uint64_t count_bits, descs, infos, size_bits, data;
};

// Finalized or reusable records have text; the others are being written.
bool has_text(std::uint64_t state_var, std::uint64_t id) {
  constexpr unsigned flags_shift = 62;
  return (state_var & ~(3ull << flags_shift)) == id && (state_var >> flags_shift) >= 1;
}

Expected<std::string> record_text(PageCache& memory, const Ring& ring, std::uint64_t desc, std::uint64_t info) {
  const auto begin = TRY_EXPECTED(memory.value<std::uint64_t>(desc + ring.layout.begin));
  const auto next = TRY_EXPECTED(memory.value<std::uint64_t>(desc + ring.layout.next));
  const std::uint64_t mask = (1ull << ring.size_bits) - 1;
  constexpr std::uint64_t no_data = 1;  // data blocks are aligned, so bit 0 marks records without text
  if ((begin & no_data) != 0 || begin == next) return std::string();
  // A block that did not fit at the ring's end lies at its start.
  const bool wrapped = (begin >> ring.size_bits) != (next >> ring.size_bits) && (next & mask) != 0;
  const std::uint64_t from = wrapped ? 0 : begin & mask;
  const std::uint64_t room = wrapped ? next & mask : next - begin;
  constexpr std::uint64_t block_header = 8;  // the record's id
  const std::uint64_t length = TRY_EXPECTED(memory.value<std::uint16_t>(info + ring.layout.text_length));
  if (room <= block_header || room > mask + 1) return std::string();
  const Bytes text = TRY_EXPECTED(memory.read(ring.data + from + block_header, std::min(length, room - block_header)));
  return std::string(text_of(text));
}

// Further lines of one message are indented, as dmesg does.
void append_lines(std::string& log, std::uint64_t nanoseconds, std::string_view text) {
  log += fmt::format("[{:5}.{:06}] ", nanoseconds / 1000000000, nanoseconds / 1000 % 1000000);
  for (const char c : text) {
    log += c;
    if (c == '\n') log += "               ";
  }
  log += '\n';
}

Expected<Ring> find_ring(PageCache& memory, const Layout& layout, std::uint64_t address) {
  Ring ring{};
  ring.layout = layout;
  ring.count_bits = TRY_EXPECTED(memory.value<std::uint32_t>(address + layout.count_bits));
  ring.size_bits = TRY_EXPECTED(memory.value<std::uint32_t>(address + layout.size_bits));
  ring.descs = TRY_EXPECTED(memory.value<std::uint64_t>(address + layout.descs));
  ring.infos = TRY_EXPECTED(memory.value<std::uint64_t>(address + layout.infos));
  ring.data = TRY_EXPECTED(memory.value<std::uint64_t>(address + layout.data));
  if (ring.count_bits > 28 || ring.size_bits > 32) return fail("err, the kernel's log has an unknown layout");
  return ring;
}

}  // namespace

Expected<std::string> read_kernel_log(std::uint64_t pointer, const Btf& types, std::size_t records,
                                      const ReadBytes& read) {
  const auto layout = find_layout(types);
  if (!layout) return fail("err, the kernel's log has an unknown layout: {}", layout.error());
  PageCache memory(read);
  const auto address = TRY_EXPECTED(memory.value<std::uint64_t>(pointer));
  const Ring ring = TRY_EXPECTED(find_ring(memory, *layout, address));
  const auto head = TRY_EXPECTED(memory.value<std::uint64_t>(address + layout->head_id));
  auto id = TRY_EXPECTED(memory.value<std::uint64_t>(address + layout->tail_id));
  constexpr std::uint64_t id_mask = ~(3ull << 62);
  const std::uint64_t index_mask = (1ull << ring.count_bits) - 1;
  const std::uint64_t held = std::min<std::uint64_t>((head - id) & id_mask, index_mask);
  if (held + 1 > records) id = (id + held + 1 - records) & id_mask;
  std::string log;
  for (std::uint64_t left = std::min<std::uint64_t>(held + 1, records); left > 0; --left, id = (id + 1) & id_mask) {
    const std::uint64_t desc = ring.descs + (id & index_mask) * layout->desc_size;
    const std::uint64_t info = ring.infos + (id & index_mask) * layout->info_size;
    if (!has_text(TRY_EXPECTED(memory.value<std::uint64_t>(desc + layout->state)), id)) continue;
    const std::string text = TRY_EXPECTED(record_text(memory, ring, desc, info));
    append_lines(log, TRY_EXPECTED(memory.value<std::uint64_t>(info + layout->time)), text);
  }
  return log;
}

}  // namespace hyperdbg
