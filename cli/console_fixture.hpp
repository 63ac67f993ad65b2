// SPDX-License-Identifier: MIT
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "cli/console.hpp"
#include "script/metadata.hpp"
#include "session/fake_target.hpp"

namespace hyperdbg {

// A console whose debuggee is a fake one with some symbols: a test types a line and compares what is printed.
struct ConsoleTest : testing::Test {
  std::string output;
  std::shared_ptr<FakeTarget::State> debuggee = std::make_shared<FakeTarget::State>();
  std::filesystem::path symbols =
      std::filesystem::temp_directory_path() / ("hyperdbg-cli-test-" + std::to_string(getpid()));
  Console console{[this](std::string_view text) { output += text; }};

  ConsoleTest() {
    std::filesystem::create_directories(symbols);
    std::ofstream(symbols / ("ab" + std::string(38, '0') + ".sym"))
        << "# anchor init_task ffffffff82000000\nffffffff81000000 T start_here\nffffffff81000005 t second\n";
    console.session().set_symbols_directory(symbols);
    console.session().set_compiler([](std::string_view text, const script::CompileOptions&) -> script::CompileResult {
      if (text.find("bad") != text.npos)
        return std::unexpected(std::vector{script::Diagnostic{1, 5, "Invalid Syntax", "", std::string(text)}});
      return script::CompiledScript{{0xc3}, script::encode_metadata({"leaf %llx\n"}), 8, false, 1};
    });
  }
  ~ConsoleTest() override { std::filesystem::remove_all(symbols); }

  void attach() {
    const auto attached = console.session().attach(std::make_unique<FakeTarget>(debuggee));
    ASSERT_TRUE(attached) << attached.error().message;
    output.clear();
  }
  std::string type(std::string_view line) {
    output.clear();
    console.execute(line);
    return output;
  }
  std::string first_line(std::string_view line) {
    const std::string all = type(line);
    return all.substr(0, all.find('\n'));
  }
};

}  // namespace hyperdbg
