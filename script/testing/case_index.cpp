// SPDX-License-Identifier: MIT
#include "script/testing/case_index.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

namespace hyperdbg::script {
namespace {

constexpr std::string_view no_names = "rule";

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == text.npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r") - first + 1));
}

std::vector<std::string> split(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (std::string part = trimmed(text.substr(0, end)); !part.empty()) parts.push_back(std::move(part));
    text.remove_prefix(std::min(end + separator.size(), text.size()));
  }
  return parts;
}

IndexRow parse_row(unsigned number, const std::string& line) {
  IndexRow row;
  row.line = number;
  // The last bar: `|` is an operator too.
  const auto bar = line.rfind(" | ");
  const std::string head = trimmed(std::string_view(line).substr(0, bar));
  if (bar != line.npos) row.cases = split(std::string_view(line).substr(bar + 3), " ; ");
  const auto blank = std::min(head.find(' '), head.size());
  row.kind = head.substr(0, blank);
  const std::string rest = trimmed(std::string_view(head).substr(blank));
  if (row.kind == no_names)
    row.fact = rest;
  else
    row.names = split(rest, " ");
  return row;
}

const ScriptCase* find_case(const CaseFiles& files, std::string_view name) {
  const auto colon = name.find(':');
  if (colon == name.npos) return nullptr;
  const auto file = files.find(name.substr(0, colon));
  if (file == files.end()) return nullptr;
  const auto one = std::ranges::find(file->second, name.substr(colon + 1), &ScriptCase::name);
  return one == file->second.end() ? nullptr : &*one;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Checker {
 public:
  Checker(const CaseFiles& files, const Vocabulary& known, std::filesystem::path root)
      : files_(files), missing_(known), known_(known), root_(std::move(root)) {}

  void check(const IndexRow& row) {
    row_ = &row;
    if (row.kind != no_names && !known_.contains(row.kind)) complain("there is no kind `" + row.kind + "`");
    if (row.kind == no_names ? row.fact.empty() : row.names.empty()) complain("it says nothing");
    if (row.kind == no_names && !facts_.insert(row.fact).second) complain("`" + row.fact + "` is there twice");
    if (row.cases.empty()) complain("no case");
    std::set<std::string> used;
    for (const std::string& name : row.cases) {
      if (const ScriptCase* one = find_case(files_, name))
        used.merge(vocabulary_of(one->script)[row.kind]);
      else if (!is_elsewhere(name))
        complain("no case `" + name + "`");
    }
    for (const std::string& name : row.names) check_name(name, used);
  }

  std::vector<std::string> end() {
    for (const auto& [kind, names] : missing_)
      for (const std::string& name : names) problems_.push_back("the " + kind + " `" + name + "` is in no row");
    return std::move(problems_);
  }

 private:
  // A test that is no text case: a file of the tree has these words.
  bool is_elsewhere(std::string_view name) const {
    const auto colon = name.find(':');
    if (colon == name.npos || !name.substr(0, colon).contains('/')) return false;
    return read_file(root_ / name.substr(0, colon)).contains(name.substr(colon + 1));
  }

  void check_name(const std::string& name, const std::set<std::string>& used) {
    const auto known = known_.find(row_->kind);
    if (known == known_.end()) return;
    if (!known->second.contains(name)) return complain("there is no " + row_->kind + " `" + name + "`");
    if (!used.contains(name)) return complain("its cases do not use `" + name + "`");
    missing_.find(row_->kind)->second.erase(name);
  }

  void complain(const std::string& sentence) {
    problems_.push_back("line " + std::to_string(row_->line) + ": " + sentence);
  }

  const CaseFiles& files_;
  Vocabulary missing_;
  const Vocabulary& known_;
  std::filesystem::path root_;
  std::set<std::string> facts_;
  const IndexRow* row_ = nullptr;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<IndexRow> parse_index(std::string_view text) {
  std::vector<IndexRow> rows;
  std::istringstream lines{std::string(text)};
  unsigned number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (!trimmed(line).empty() && line[0] != '#') rows.push_back(parse_row(number, line));
  }
  return rows;
}

CaseFiles read_case_files(std::string_view folder) {
  CaseFiles files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".txt")
      files[entry.path().stem().string()] = read_script_cases(entry.path().string());
  return files;
}

std::vector<std::string> problems_of(const std::vector<IndexRow>& rows, const CaseFiles& files, const Vocabulary& known,
                                     const std::string& root) {
  Checker checker(files, known, root);
  for (const IndexRow& row : rows) checker.check(row);
  return checker.end();
}

}  // namespace hyperdbg::script
