// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/script_tool.hpp"

namespace hyperdbg {
namespace {

struct Ended {
  int exit = -1;
  std::string output;
  std::string errors;

  nlohmann::json json() const { return nlohmann::json::parse(output); }
};

// `hyperdbg script ...`, the real program, in a folder of its own.
class ScriptTool : public testing::Test {
 protected:
  ScriptTool() {
    std::string name = (std::filesystem::temp_directory_path() / "script-tool-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~ScriptTool() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, std::string_view text) const {
    const auto path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

  Ended start(std::vector<std::string> words, std::string_view input = {}) const {
    const std::string files[] = {write("input", input), write("output", ""), write("errors", "")};
    words.insert(words.begin(), {HYPERDBG_PROGRAM, "script"});
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const pid_t child = fork();
    if (child == 0) {
      for (int stream = 0; stream < 3; ++stream) dup2(open(files[stream].c_str(), O_RDWR), stream);
      execv(arguments[0], arguments.data());
      _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read(files[1]), read(files[2])};
  }

  // A script from standard input.
  Ended run(std::string_view script, std::vector<std::string> words = {}) const {
    words.insert(words.begin(), {"run", "-"});
    return start(std::move(words), script);
  }

  static std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(ScriptTool, RunsAFileOrStandardInput) {
  const std::string script = "x = 2 + 3; printf(\"%d\\n\", x);";
  for (const Ended& ended : {start({"run", write("a.ds", script)}), run(script)}) {
    EXPECT_EQ(ended.exit, script_ok);
    EXPECT_EQ(ended.output, "5\n");
    EXPECT_EQ(ended.errors, "");
  }
}

TEST_F(ScriptTool, ShowsAllMistakesWithLineMarkAndHint) {
  const Ended ended = run("x = 5\ny = ;\n\tface = 1;\nz = strcnp(\"a\", \"b\");\nwhlie (x) { }\n");
  EXPECT_EQ(ended.exit, script_has_mistakes);
  EXPECT_EQ(ended.output, "");
  EXPECT_EQ(ended.errors,
            "Line 1:\nx = 5\n     ^\nSyntax Error: Invalid Syntax: expected `;` before `y`\n"
            "Line 2:\ny = ;\n    ^\nSyntax Error: Invalid Syntax: expected a value before `;`\n"
            "Line 3:\n\tface = 1;\n\t^\nSyntax Error: Invalid Syntax: only variables, registers and *address can be "
            "assigned\nhint: `face` is the number 0xface, because a name needs at least one letter from g to z\n"
            "Line 4:\nz = strcnp(\"a\", \"b\");\n    ^\nUndefined Function: `strcnp`\nhint: is `strcmp` meant?\n"
            "Line 5:\nwhlie (x) { }\n          ^\nSyntax Error: Invalid Syntax: expected `;` before `{`\n"
            "hint: is `while` meant?\n");
}

TEST_F(ScriptTool, SaysWhyARunEnded) {
  const Ended ended = run("print(1);\nx = 0;\nprint(5 / x);");
  EXPECT_EQ(ended.exit, script_ended_early);
  EXPECT_EQ(ended.output, "1\n");
  EXPECT_EQ(ended.errors, "err, the script was ended: division by zero at line 3, column 9\n");
}

TEST_F(ScriptTool, ChecksWithoutRunning) {
  EXPECT_EQ(start({"check", "-"}, "print(1); x = poi(0);").exit, script_ok);
  EXPECT_EQ(start({"check", "-"}, "print(1); x = poi(0);").output, "");
  const Ended wrong = start({"check", "-"}, "print(x1y);");
  EXPECT_EQ(wrong.exit, script_has_mistakes);
  EXPECT_NE(wrong.errors.find("`x1y` has no value here"), std::string::npos);
}

TEST_F(ScriptTool, ShowsTheIntermediateCode) {
  const Ended ended = start({"ir", "-"}, "@rax = @rax * 5;");
  EXPECT_EQ(ended.exit, script_ok);
  EXPECT_NE(ended.output.find("define "), std::string::npos);
  EXPECT_NE(ended.output.find("mul "), std::string::npos);
  EXPECT_EQ(start({"ir", "-"}, "x = ;").exit, script_has_mistakes);
}

TEST_F(ScriptTool, ShowsTheMachineCode) {
  const Ended ended = start({"disasm", "-"}, "");
  EXPECT_EQ(ended.exit, script_ok);
  EXPECT_NE(ended.output.find("ret"), std::string::npos);
  EXPECT_EQ(start({"disasm", "-"}, "x = ;").exit, script_has_mistakes);
}

TEST_F(ScriptTool, SetsRegistersAndPseudoRegisters) {
  const Ended ended = run("printf(\"%llx %x %x %x %x %x\\n\", @rax, @bl, @zf, $context, $pid, $ip);",
                          {"--set", "rax=1122334455667788", "--set", "@bl=1ff", "--set", "zf=1", "--set",
                           "$context=0n16", "--set", "pid=1`0", "--set", "rip=5"});
  EXPECT_EQ(ended.output, "1122334455667788 ff 1 10 10 5\n");
  EXPECT_EQ(ended.exit, script_ok);
}

TEST_F(ScriptTool, RefusesWhatCannotBeSet) {
  struct Row {
    const char* setting;
    const char* said;
  };
  constexpr Row rows[] = {
      {"rax", "err, --set wants NAME=VALUE, as in --set rax=1, not 'rax'\n"},
      {"rax=x", "err, --set rax: `x` is not a hexadecimal number\n"},
      {"rax=", "err, --set rax: `` has no digits\n"},
      {"rxx=1", "err, --set rxx: there is no register or pseudo-register of this name that can be set\n"},
      {"$rax=1", "err, --set $rax: there is no register or pseudo-register of this name that can be set\n"},
      {"$pname=1", "err, --set $pname: there is no register or pseudo-register of this name that can be set\n"},
  };
  for (const Row& row : rows) {
    const Ended ended = run("print(1);", {"--set", row.setting});
    EXPECT_EQ(ended.exit, script_not_tried) << row.setting;
    EXPECT_EQ(ended.errors, row.said);
    EXPECT_EQ(ended.output, "");
  }
}

TEST_F(ScriptTool, TheStackPointerPointsIntoMemory) {
  EXPECT_EQ(run("eq(@rsp - 8, 55); print(dq(@rsp - 8)); print(dq(@rsp + 1000)); print(eb(@rsp + 7fff, 1));").output,
            "55\n0\n1\n");
  EXPECT_EQ(run("print(@rsp); print(dq(@rsp));", {"--set", "rsp=1000"}).output, "1000\n");
  const Ended outside = run("print(dq(@rsp + 10000));");
  EXPECT_EQ(outside.exit, script_ended_early);
  EXPECT_NE(outside.errors.find("invalid address"), std::string::npos);
}

TEST_F(ScriptTool, TheLastTestStatementWins) {
  const Ended ended = run("test_statement(5); test_statement(-1); print(3);");
  EXPECT_EQ(ended.output, "3\ntest_statement: ffffffffffffffff\n");
  EXPECT_EQ(run("test_statement(5); test_statement(0n16);", {"--json"}).json()["value"], "10");
  EXPECT_EQ(run("print(5);", {"--json"}).json()["value"], "");
}

TEST_F(ScriptTool, PrintsOneLineOfJson) {
  const Ended right = run("printf(\"a\\n\\\"b\\\"\"); test_statement(ff);", {"--json"});
  EXPECT_EQ(right.output, R"({"status":"ok","out":"a\n\"b\"","value":"ff","diagnostics":[]})"
                          "\n");
  EXPECT_EQ(right.exit, script_ok);
  const Ended wrong = run("x = 1;\n add = 5;", {"--json"});
  EXPECT_EQ(wrong.exit, script_has_mistakes);
  EXPECT_EQ(wrong.errors, "");
  const nlohmann::json report = wrong.json();
  EXPECT_EQ(report["status"], "parse_error");
  EXPECT_EQ(report["out"], "");
  ASSERT_EQ(report["diagnostics"].size(), 1u);
  EXPECT_EQ(report["diagnostics"][0]["line"], 2);
  EXPECT_EQ(report["diagnostics"][0]["column"], 2);
  EXPECT_EQ(report["diagnostics"][0]["source"], " add = 5;");
  EXPECT_EQ(report["diagnostics"][0]["hint"],
            "`add` is the number 0xadd, because a name needs at least one letter from g to z");
  const Ended ended = run("print(1); test_statement(7);\nx = poi(8);", {"--json"});
  EXPECT_EQ(ended.exit, script_ended_early);
  EXPECT_EQ(ended.json()["status"], "run_error");
  EXPECT_EQ(ended.json()["out"], "1\n");
  EXPECT_EQ(ended.json()["value"], "7");
  EXPECT_EQ(ended.json()["diagnostics"][0]["message"], "invalid address 8 at line 2, column 5");
  EXPECT_EQ(ended.json()["diagnostics"][0]["line"], 2);
  EXPECT_EQ(ended.json()["diagnostics"][0]["source"], "x = poi(8);");
}

TEST_F(ScriptTool, PlaysABatchEachInAWorldOfItsOwn) {
  constexpr char scripts[] =
      ".g = .g + 1; print(.g);\0x = ;\0.g = .g + 1; print(.g); test_statement(3);\0print(1 / .g);\0print(4);";
  const Ended ended = start({"run", "--batch0"}, {scripts, sizeof scripts});
  EXPECT_EQ(ended.exit, script_ended_early);
  std::vector<std::string> lines;
  std::istringstream stream(ended.output);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(lines[0], R"({"status":"ok","out":"1\n","value":"","diagnostics":[]})");
  EXPECT_EQ(nlohmann::json::parse(lines[1])["status"], "parse_error");
  EXPECT_EQ(lines[2], R"({"status":"ok","out":"1\n","value":"3","diagnostics":[]})");
  EXPECT_EQ(nlohmann::json::parse(lines[3])["status"], "run_error");
  EXPECT_EQ(lines[4], R"({"status":"ok","out":"4\n","value":"","diagnostics":[]})");
  EXPECT_EQ(start({"run", "--batch0"}, "").output, "");
  EXPECT_EQ(start({"check", "--batch0"}, std::string_view("print(1);\0", 10)).output,
            "{\"status\":\"ok\",\"out\":\"\",\"value\":\"\",\"diagnostics\":[]}\n");
}

TEST_F(ScriptTool, SaysWhatItCannotTry) {
  const Ended missing = start({"run", "/nonexistent.ds"});
  EXPECT_EQ(missing.exit, script_not_tried);
  EXPECT_EQ(missing.errors, "err, cannot read the script '/nonexistent.ds'\n");
  EXPECT_EQ(start({"run", "/"}).errors, "err, cannot read the script '/'\n");
  EXPECT_EQ(run("print(1);", {"--fuel", "x"}).exit, script_not_tried);
  EXPECT_EQ(run("while (1) { }", {"--fuel", "5"}).errors,
            "err, the script was ended: it ran too long at line 1, column 1 (more than 5 operations)\n");
  EXPECT_GT(start({"run"}).exit, script_not_tried);
  EXPECT_GT(start({"walk", "-"}).exit, script_not_tried);
  EXPECT_GT(start({"run", "--batch0", "-"}).exit, script_not_tried);
}

TEST_F(ScriptTool, IncludesFilesRelativeToTheScript) {
  write("parts/deep/inner.ds", "inner_one = 5;\n");
  write("parts/library.ds", "#include \"deep/inner.ds\";\nint twice(int n) { return n * 2; }\n");
  const std::string main = write("main.ds", "#include \"parts/library.ds\"\nprint(twice(inner_one));\n");
  const Ended ended = start({"run", main});
  EXPECT_EQ(ended.errors, "");
  EXPECT_EQ(ended.output, "a\n");
  EXPECT_EQ(start({"run", "-"}, "#include \"" + main + "\";").output, "a\n");
}

TEST_F(ScriptTool, SaysWhichIncludeIsWrong) {
  const Ended missing = start({"run", write("a.ds", "x = 1;\n#include \"nowhere.ds\";\n")});
  EXPECT_EQ(missing.exit, script_has_mistakes);
  EXPECT_EQ(missing.errors,
            "Line 2:\n#include \"nowhere.ds\";\n^\n#include: there is no file `nowhere.ds`\nhint: a path is looked up "
            "from the script's folder, the working folder and the program's folder\n");
  const std::string endless = write("endless.ds", "#include \"endless.ds\"\n");
  const Ended again = start({"run", endless});
  EXPECT_EQ(again.exit, script_has_mistakes);
  EXPECT_EQ(again.errors, "Line 1 of " + endless +
                              ":\n#include \"endless.ds\"\n^\n#include \"endless.ds\": files include each other too "
                              "deeply\n");
  const std::string wrong = write("wrong.ds", "\nx = y1z;\n");
  const std::string main = write("b.ds", "#include \"wrong.ds\"\n");
  EXPECT_TRUE(start({"run", main}).errors.starts_with("Line 2 of " + wrong + ":\n"));
  EXPECT_EQ(start({"run", "--json", main}).json()["diagnostics"][0]["file"], wrong);
}

}  // namespace
}  // namespace hyperdbg
