// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "session/error.hpp"

namespace hyperdbg {

enum class OutputKind {
  file,    // a path, created or emptied when it is opened
  pipe,    // a path: a FIFO that somebody reads, or a listening unix socket
  tcp,     // host:port
  module,  // a shared object with `void hyperdbg_event_forwarding(const char* buffer, unsigned length)`
};

// Closed is final: a new name reaches the same address again.
enum class OutputState { not_opened, opened, closed };

// Where the text of one or more events goes.
class OutputSink {
 public:
  virtual ~OutputSink() = default;
  virtual Expected<void> write(std::string_view text) = 0;
};

struct OutputSource {
  std::string name;
  OutputKind kind;
  std::string address;
  OutputState state = OutputState::not_opened;
  std::unique_ptr<OutputSink> sink = {};  // while opened
};

// Event forwarding: what scripts print goes to these instead of the screen, one message a write.
class OutputSources {
 public:
  using Notice = std::function<void(std::string_view)>;
  explicit OutputSources(Notice notice) : notice_(std::move(notice)) {}

  Expected<void> create(const std::string& name, OutputKind kind, const std::string& address);
  Expected<void> open(const std::string& name);
  Expected<void> close(const std::string& name);
  // In the order of their creation.
  const std::vector<OutputSource>& list() const { return sources_; }

  // Whether an event may name these; what is not opened yet may be opened later.
  Expected<void> check(const std::vector<std::string>& names) const;
  void bind(std::uint32_t event, const std::vector<std::string>& names);
  // Events have been removed and their numbers begin anew.
  void unbind_all() { bound_.clear(); }
  // False if the event has no outputs. What cannot be written is told, and its source closed.
  bool forward(std::uint32_t event, std::string_view text);

 private:
  static constexpr std::size_t npos = ~std::size_t{0};
  std::size_t find(std::string_view name) const;
  Expected<OutputSource*> existing(const std::string& name);

  Notice notice_;
  std::vector<OutputSource> sources_;
  std::map<std::uint32_t, std::vector<std::size_t>> bound_;  // indices into sources_
};

}  // namespace hyperdbg
