// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "abi/record.h"
#include "session/bytes.hpp"
#include "session/error.hpp"

namespace hyperdbg {

// One record, its tail still raw.
struct Record {
  hyperdbg_record header;
  ByteView body;
};
// Splits what a ring or a packet held; a record that makes no sense ends the list.
std::vector<Record> split_records(ByteView bytes);

// Whom a message belongs to.
struct ActionKey {
  std::uint32_t event;
  std::uint32_t action;
  auto operator<=>(const ActionKey&) const = default;
};

// What `flush` and flush() say.
std::string flushed_line(std::size_t messages);

/*
 * Turns records into text. Formats are cached per action; unknown ones are fetched, because the event may have been
 * made by an earlier debugger.
 */
class RecordFormatter {
 public:
  using FetchMetadata = std::function<Expected<Bytes>(ActionKey)>;
  struct Output {
    // What a script of the event prints, as it is; HYPERDBG_NO_EVENT for an evaluation and for what was collected.
    std::function<void(std::uint32_t event, std::string_view)> text;
    // Memory that custom code returned: true if it went elsewhere and shall not be shown.
    std::function<bool(std::uint32_t event, ByteView)> buffer;
    std::function<void(std::string_view)> notice;  // whole lines: losses, errors of scripts, the engine's warnings
  };

  RecordFormatter(FetchMetadata fetch, Output output) : fetch_(std::move(fetch)), output_(std::move(output)) {}

  void handle(ByteView records);
  // Throws away the messages among these, and what was collected; returns how many messages that were. Losses and
  // errors are told all the same.
  std::size_t discard(ByteView records = {});
  // What `imm no` events collected: now, or if nothing was added to it for a while.
  void flush();
  void flush_when_quiet();
  void remember(ActionKey action, ByteView metadata);
  // After a reset: event numbers begin anew.
  void forget();

 private:
  void count_losses(const hyperdbg_record& record);
  void handle(const Record& record);
  void handle_message(const Record& record);
  void handle_failure(const Record& record);
  std::vector<Record> take_apart(ByteView records);
  std::size_t discard(std::span<const Record> records);
  void handle_code_fault(const Record& record);
  void handle_buffer(const Record& record);
  void finish_buffer(const hyperdbg_record& record, const hyperdbg_buffer_piece& piece, ByteView bytes);
  void print(const hyperdbg_record& record, std::string text);
  const std::vector<std::string>& formats_of(ActionKey action);

  FetchMetadata fetch_;
  Output output_;
  std::map<ActionKey, std::vector<std::string>> formats_;
  std::map<std::uint16_t, std::uint64_t> next_sequence_;  // by core
  std::map<std::uint16_t, Bytes> pieces_;                 // of the buffer that a core is sending
  std::string collected_;
  std::size_t collected_messages_ = 0;
  std::chrono::steady_clock::time_point collected_last_;
};

}  // namespace hyperdbg
