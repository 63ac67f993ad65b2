// SPDX-License-Identifier: MIT
#include "script/testing/document.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "script/testing/vocabulary.hpp"

namespace hyperdbg::script {
namespace {

constexpr const char* root = HYPERDBG_SCRIPT_CASES "/../../";

std::string read(const std::string& path) {
  std::ifstream file(root + path);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Example> examples() {
  return parse_examples(read("docs/language.md"));
}

TEST(LanguageDocument, ExamplesDoWhatTheySay) {
  std::size_t scripts = 0;
  for (const Example& example : examples()) {
    if (example.kind != "script") continue;
    ++scripts;
    for (const std::string& problem : problems_of(example))
      ADD_FAILURE() << "docs/language.md:" << example.line << ": " << problem;
  }
  EXPECT_GT(scripts, 50u);
}

TEST(LanguageDocument, ExamplesOfEventsArePlayedInTheLab) {
  const std::string scenario = read("tests/machine/language.scenario");
  std::size_t events = 0;
  for (const Example& example : examples()) {
    if (example.kind != "event") continue;
    ++events;
    EXPECT_NE(scenario.find("> " + example.text), std::string::npos)
        << "docs/language.md:" << example.line << ": not in tests/machine/language.scenario";
  }
  EXPECT_GT(events, 0u);
}

TEST(LanguageDocument, BlocksAreOfAKnownKind) {
  for (const Example& example : examples())
    EXPECT_TRUE(example.kind == "script" || example.kind == "event" || example.kind == "sh")
        << "docs/language.md:" << example.line << ": " << example.kind;
}

TEST(LanguageDocument, HasAnExampleForEachEntry) {
  Vocabulary used;
  for (const Example& example : examples()) {
    if (example.kind != "script" && example.kind != "event") continue;
    for (auto& [kind, names] : vocabulary_of(example.text)) used[kind].merge(names);
  }
  Vocabulary known = known_vocabulary();
  known.erase("register");
  for (const auto& [kind, names] : known)
    for (const std::string& name : names)
      EXPECT_TRUE(used[kind].contains(name)) << "no example for the " << kind << ' ' << name;
}

std::set<std::string> words_of(const std::string& text) {
  std::set<std::string> words;
  std::string word;
  for (const char c : text + ' ') {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
      word += c;
    } else if (!word.empty()) {
      words.insert(std::exchange(word, {}));
    }
  }
  return words;
}

TEST(LanguageDocument, NamesEachRegister) {
  const auto words = words_of(read("docs/language.md"));
  const Vocabulary known = known_vocabulary();
  for (const std::string& name : known.at("register"))
    EXPECT_TRUE(words.contains(name)) << "no word of the register " << name;
}

// The checks themselves: what must be found.
std::vector<std::string> problems_in(std::string_view block) {
  return problems_of(parse_examples("```script rax=5\n" + std::string(block) + "```\n").at(0));
}

TEST(LanguageDocument, AWrongExampleIsFound) {
  EXPECT_TRUE(problems_in("print(@rax);  //= 5\n").empty());
  EXPECT_EQ(problems_in("print(@rax);  //= 6\n").size(), 1u);
  EXPECT_EQ(problems_in("print(@rax);\n").size(), 1u);
  EXPECT_EQ(problems_in("x = 1;  //= 5\n").size(), 1u);
  EXPECT_TRUE(problems_in("x = ;  //! expected a value\n").empty());
  EXPECT_EQ(problems_in("x = ;  //! something else\n").size(), 1u);
  EXPECT_EQ(problems_in("x = ;\n").size(), 1u);
  EXPECT_EQ(problems_in("x = 1;  //! expected a value\n").size(), 1u);
  EXPECT_EQ(problems_in("x = ;\n//! expected a value\n").size(), 1u);
  EXPECT_TRUE(problems_in("print(1);  //= 1\nx = poi(8);  //! invalid address 8\n").empty());
  EXPECT_EQ(problems_in("print(1);  //= 1\nx = poi(8);\n").size(), 1u);
}

}  // namespace
}  // namespace hyperdbg::script
