// SPDX-License-Identifier: MIT
#include "session/tokens.hpp"

#include <algorithm>
#include <cctype>

namespace hyperdbg {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  Tokens split() {
    while (at_ < text_.size()) step();
    end_word();
    return std::move(tokens_);
  }

  int open_braces() {
    static_cast<void>(split());
    return open_;
  }

 private:
  bool starts(std::string_view piece) const { return text_.substr(at_).starts_with(piece); }

  void step() {
    if (is_blank(text_[at_])) {
      end_word();
      ++at_;
    } else if (starts("/*")) {
      const auto end = text_.find("*/", at_ + 2);
      at_ = end == std::string_view::npos ? text_.size() : end + 2;
      end_word();
    } else if (starts("//")) {
      at_ = std::min(text_.find('\n', at_), text_.size());
      end_word();
    } else if (text_[at_] == '"') {
      quoted();
    } else if (text_[at_] == '{') {
      braced();
    } else if (starts("\\{") || starts("\\}")) {
      word_ += text_[at_ + 1];
      at_ += 2;
    } else {
      word_ += text_[at_++];
    }
  }

  void quoted() {
    end_word();
    const auto end = text_.find('"', at_ + 1);
    const auto stop = std::min(end, text_.size());
    tokens_.push_back({Token::Kind::quoted, std::string(text_.substr(at_ + 1, stop - at_ - 1))});
    at_ = std::min(stop + 1, text_.size());
  }

  void braced() {
    end_word();
    std::string inner;
    open_ = 1;
    bool in_string = false;
    for (++at_; at_ < text_.size() && open_ > 0; ++at_) {
      const char c = text_[at_];
      if (c == '\\' && at_ + 1 < text_.size()) {
        const char next = text_[++at_];
        if (next != '{' && next != '}') inner += c;
        inner += next;
        continue;
      }
      // A string ends with its line at the latest: a forgotten quote must not swallow the closing brace.
      if (c == '"' || c == '\n') in_string = c == '"' && !in_string;
      if (!in_string && c == '{') ++open_;
      if (!in_string && c == '}' && --open_ == 0) continue;
      inner += c;
    }
    tokens_.push_back({Token::Kind::braced, std::move(inner)});
  }

  void end_word() {
    if (!word_.empty()) tokens_.push_back({Token::Kind::word, std::move(word_)});
    word_.clear();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int open_ = 0;
  std::string word_;
  Tokens tokens_;
};

}  // namespace

std::string to_lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

bool Token::is(std::string_view word) const {
  return kind == Kind::word && to_lower(text) == word;
}

std::string Token::shown() const {
  if (kind == Kind::braced) return "{" + text + "}";
  if (kind == Kind::quoted) return "\"" + text + "\"";
  return text;
}

Tokens split_tokens(std::string_view line) {
  return Splitter(line).split();
}

int open_braces(std::string_view text) {
  return Splitter(text).open_braces();
}

std::string join_tokens(const Tokens& tokens, std::size_t from) {
  std::string joined;
  for (std::size_t i = from; i < tokens.size(); ++i) {
    if (i > from) joined += ' ';
    joined += tokens[i].shown();
  }
  return joined;
}

}  // namespace hyperdbg
