// SPDX-License-Identifier: MIT
#pragma once
#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hyperdbg::lab {

enum class Source { debugger, guest, console, lab };

struct OutputLine {
  Source source;
  std::string text;
  bool open = true;     // its newline has not come yet
  bool hidden = false;  // a prompt, or the answer to a question of the player's own
};

// Everything that came back, in order of arrival, cut into lines. Bytes of the sources may come interleaved.
class Output {
 public:
  // Called for each line when it is complete.
  using Listener = std::function<void(const OutputLine&)>;

  void append(Source source, std::string_view bytes);
  // Ends the source's open line, if there is one.
  void close(Source source);
  // Takes the open line away and answers it; what the predicate's prefix length says stays as a line.
  std::string take_open(Source source, const std::function<std::size_t(std::string_view)>& keep);

  const std::vector<OutputLine>& lines() const { return lines_; }
  void set_listener(Listener listener) { listener_ = std::move(listener); }
  // Lines that come from now on are hidden: neither told to the listener nor matched.
  void hide(Source source, bool hidden) { hidden_[index(source)] = hidden; }
  // Grows with every byte: equal values mean that nothing came.
  std::size_t bytes() const { return bytes_; }

 private:
  static std::size_t index(Source source) { return static_cast<std::size_t>(source); }
  OutputLine& open_line(Source source);

  std::vector<OutputLine> lines_;
  std::array<std::optional<std::size_t>, 4> open_{};
  std::array<bool, 4> hidden_{};
  std::size_t bytes_ = 0;
  Listener listener_;
};

}  // namespace hyperdbg::lab
