// SPDX-License-Identifier: MIT
#include "lab/guest.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "lab/bochs.hpp"
#include "lab/qemu.hpp"

namespace hyperdbg::lab {
namespace {

TEST(Prompt, IsCutOffTheLine) {
  EXPECT_EQ(before_prompt("0: kHyperDbg> "), 0u);
  EXPECT_EQ(before_prompt("leaf 11f: kHyperDbg> "), 5u) << "hexadecimal digits in front belong to the core";
  EXPECT_EQ(before_prompt("leaf running> "), 5u);
  EXPECT_EQ(before_prompt("HyperDbg> "), 0u);
  EXPECT_EQ(before_prompt("> "), 0u);
  EXPECT_EQ(before_prompt("no prompt"), 9u);
}

TEST(Output, LinesOfSeveralSourcesDoNotMix) {
  Output output;
  std::vector<std::string> heard;
  output.set_listener([&](const OutputLine& line) { heard.push_back(line.text); });
  output.append(Source::guest, "gu");
  output.append(Source::debugger, "debugger\r\nleft0: kHyperDbg> ");
  output.append(Source::guest, "est\n");
  EXPECT_EQ(output.take_open(Source::debugger, before_prompt), "0: kHyperDbg> ");
  output.hide(Source::debugger, true);
  output.append(Source::debugger, "hidden\n");
  EXPECT_EQ(heard, (std::vector<std::string>{"debugger", "guest", "left"}));
}

TEST(Qemu, ArgumentsFollowTheNeeds) {
  MachineNeeds needs;
  needs.cpus = 2;
  needs.parameters = {"pti=on"};
  const auto arguments = qemu_arguments({"/root", "/build", "/kernel", "6.1"}, needs, {}, "/private");
  const auto has = [&](const std::string& text) {
    return std::ranges::any_of(arguments, [&](const std::string& word) { return word.find(text) != word.npos; });
  };
  EXPECT_TRUE(has("tsc=reliable pti=on"));
  EXPECT_TRUE(has("/kernel/boot/vmlinuz-6.1"));
  EXPECT_TRUE(has("path=/private/debugger"));
  EXPECT_FALSE(has("icount"));
}

TEST(Bochs, ConfigurationFollowsTheNeeds) {
  MachineNeeds needs;
  needs.cpus = 2;
  EmulatorOptions options;
  options.cpu = "corei7_skylake_x";
  const std::string text = bochs_configuration(needs, options, {1001, 1002, 1003}, "/private");
  EXPECT_NE(text.find("cpu: model=corei7_skylake_x, count=2,"), text.npos);
  EXPECT_NE(text.find("path=/private/disk"), text.npos);
  EXPECT_NE(text.find("com3: enabled=1, mode=socket-client, dev=127.0.0.1:1003\n"), text.npos);
}

}  // namespace
}  // namespace hyperdbg::lab
