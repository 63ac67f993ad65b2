// SPDX-License-Identifier: MIT
#include "session/records.hpp"

#include <algorithm>

#include "abi/event.h"
#include "script/metadata.hpp"
#include "script/runtime/failure.hpp"
#include "script/runtime/format.hpp"
#include "session/code_fault.hpp"
#include "session/hex_dump.hpp"

namespace hyperdbg {
namespace {

std::string event_name(std::uint32_t event) {
  return event == HYPERDBG_NO_EVENT ? "the evaluated script" : fmt::format("the script of event 0x{:x}", event);
}

constexpr std::chrono::milliseconds quiet{100};

}  // namespace

std::string flushed_line(std::size_t messages) {
  return fmt::format("flushing buffers was successful, total {} messages were cleared.", messages);
}

std::vector<Record> split_records(ByteView bytes) {
  std::vector<Record> records;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto header = object_at<hyperdbg_record>(bytes, at);
    if (!header || header->size < sizeof *header || header->size > bytes.size() - at || header->size % 8 != 0) break;
    if (header->kind != HYPERDBG_RECORD_PAD) {
      const std::size_t used = std::min<std::size_t>(header->length, header->size - sizeof *header);
      records.push_back({*header, bytes.subspan(at + sizeof *header, used)});
    }
    at += header->size;
  }
  return records;
}

// Losses are counted in each core's order, then the cores are shown together as they happened.
std::vector<Record> RecordFormatter::take_apart(ByteView bytes) {
  auto records = split_records(bytes);
  for (const Record& record : records) count_losses(record.header);
  std::ranges::stable_sort(records, {}, [](const Record& record) { return record.header.time; });
  return records;
}

void RecordFormatter::handle(ByteView bytes) {
  const auto records = take_apart(bytes);
  std::span<const Record> rest(records);
  const auto flush = std::ranges::find(records.rbegin(), records.rend(), HYPERDBG_RECORD_FLUSH,
                                       [](const Record& record) { return record.header.kind; });
  if (flush != records.rend()) {
    const auto before = static_cast<std::size_t>(records.rend() - flush);
    output_.notice(flushed_line(discard(rest.first(before))));
    rest = rest.subspan(before);
  }
  for (const Record& record : rest) handle(record);
}

std::size_t RecordFormatter::discard(ByteView bytes) {
  return discard(take_apart(bytes));
}

std::size_t RecordFormatter::discard(std::span<const Record> records) {
  std::size_t messages = std::exchange(collected_messages_, 0);
  collected_.clear();
  for (const Record& record : records) {
    if (record.header.kind == HYPERDBG_RECORD_MESSAGE) {
      ++messages;
    } else {
      handle(record);
    }
  }
  return messages;
}

void RecordFormatter::count_losses(const hyperdbg_record& record) {
  const auto [next, first] = next_sequence_.try_emplace(record.core, record.sequence);
  const bool read = record.kind != HYPERDBG_RECORD_LOST;
  if (!first && record.sequence > next->second) {
    const std::uint64_t lost = record.sequence - next->second;
    output_.notice(
        fmt::format("{} {} lost on core 0x{:x}", lost, lost == 1 ? "message was" : "messages were", record.core));
  }
  next->second = record.sequence + (read ? 1 : 0);
}

void RecordFormatter::handle(const Record& record) {
  switch (record.header.kind) {
    case HYPERDBG_RECORD_MESSAGE:
      return handle_message(record);
    case HYPERDBG_RECORD_SCRIPT_ERROR:
    case HYPERDBG_RECORD_SCRIPT_WARNING:
      return handle_failure(record);
    case HYPERDBG_RECORD_CODE_FAULT:
      return handle_code_fault(record);
    case HYPERDBG_RECORD_BUFFER:
      return handle_buffer(record);
    case HYPERDBG_RECORD_TEXT:
      return output_.notice(text_of(record.body));
    default:
      return;
  }
}

void RecordFormatter::remember(ActionKey action, ByteView metadata) {
  formats_[action] = script::decode_metadata(metadata).value_or(std::vector<std::string>{});
}

const std::vector<std::string>& RecordFormatter::formats_of(ActionKey action) {
  if (!formats_.contains(action)) {
    const auto metadata = action.event == HYPERDBG_NO_EVENT ? Expected<Bytes>() : fetch_(action);
    remember(action, metadata ? *metadata : Bytes());
  }
  return formats_[action];
}

void RecordFormatter::handle_message(const Record& record) {
  const auto text = script::format_record(record.body, formats_of({record.header.event, record.header.action}));
  if (!text) return output_.notice(fmt::format("a message of {} could not be read", event_name(record.header.event)));
  print(record.header, *text);
}

void RecordFormatter::handle_failure(const Record& record) {
  const auto failure = object_at<hyperdbg_script_failure>(record.body);
  if (!failure) return;
  if (record.header.kind == HYPERDBG_RECORD_SCRIPT_WARNING)
    return output_.notice(fmt::format("warning, {}: {}", event_name(record.header.event),
                                      script::warning_text(failure->error, failure->position, failure->detail)));
  output_.notice(fmt::format("err, {} was ended: {}", event_name(record.header.event),
                             script::failure_text(failure->error, failure->position, failure->detail)));
}

void RecordFormatter::handle_code_fault(const Record& record) {
  const auto fault = object_at<hyperdbg_code_fault>(record.body);
  if (fault) output_.notice(code_fault_text(record.header.event, record.header.action, *fault));
}

void RecordFormatter::handle_buffer(const Record& record) {
  const auto piece = object_at<hyperdbg_buffer_piece>(record.body);
  if (!piece || piece->size > HYPERDBG_MAXIMUM_BUFFER_SIZE) return;
  Bytes& collected = pieces_[record.header.core];
  if (piece->offset == 0) collected.clear();
  if (piece->offset != collected.size()) return;  // a piece before it was lost, which is told otherwise
  append(collected, record.body.subspan(sizeof *piece));
  if (collected.size() != piece->size) return;
  finish_buffer(record.header, *piece, collected);
  collected.clear();
}

void RecordFormatter::finish_buffer(const hyperdbg_record& record, const hyperdbg_buffer_piece& piece, ByteView bytes) {
  if (output_.buffer && output_.buffer(record.event, bytes)) return;
  print(record,
        fmt::format("event 0x{:x} ({}) returned 0x{:x} bytes at {:x}:\n{}", record.event,
                    piece.stage == 0 ? "pre" : "post", piece.size, piece.address, hex_dump(piece.address, bytes)));
}

void RecordFormatter::print(const hyperdbg_record& record, std::string text) {
  if ((record.flags & HYPERDBG_EVENT_ACCUMULATE) == 0) return output_.text(record.event, text);
  collected_ += text;
  ++collected_messages_;
  collected_last_ = std::chrono::steady_clock::now();
  if (collected_.size() >= HYPERDBG_MAXIMUM_MESSAGE_SIZE) flush();
}

void RecordFormatter::flush() {
  if (!collected_.empty()) output_.text(HYPERDBG_NO_EVENT, collected_);
  discard();
}

void RecordFormatter::flush_when_quiet() {
  if (!collected_.empty() && std::chrono::steady_clock::now() - collected_last_ >= quiet) flush();
}

void RecordFormatter::forget() {
  formats_.clear();
  next_sequence_.clear();
  pieces_.clear();
  discard();
}

}  // namespace hyperdbg
