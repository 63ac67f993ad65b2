// SPDX-License-Identifier: MIT
#include "lab/output.hpp"

namespace hyperdbg::lab {

OutputLine& Output::open_line(Source source) {
  auto& open = open_[index(source)];
  if (!open) {
    open = lines_.size();
    lines_.push_back({source, "", true, hidden_[index(source)]});
  }
  return lines_[*open];
}

void Output::close(Source source) {
  auto& open = open_[index(source)];
  if (!open) return;
  OutputLine& line = lines_[*open];
  line.open = false;
  open.reset();
  if (listener_ && !line.hidden) listener_(line);
}

void Output::append(Source source, std::string_view bytes) {
  bytes_ += bytes.size();
  for (const char byte : bytes) {
    if (byte == '\n') {
      open_line(source);
      close(source);
    } else if (byte != '\r') {
      open_line(source).text += byte;
    }
  }
}

std::string Output::take_open(Source source, const std::function<std::size_t(std::string_view)>& keep) {
  auto& open = open_[index(source)];
  if (!open) return "";
  OutputLine& line = lines_[*open];
  const std::size_t kept = keep(line.text);
  std::string taken = line.text.substr(kept);
  line.text.resize(kept);
  if (kept == 0) line.hidden = true;
  close(source);
  return taken;
}

}  // namespace hyperdbg::lab
