// SPDX-License-Identifier: MIT
#include "cli/script_tool.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "cli/render/disassembly.hpp"
#include "script/compiler.hpp"
#include "script/runtime/failure.hpp"
#include "script/runtime/user_runtime.hpp"
#include "script/syntax/number.hpp"
#include "session/error.hpp"
#include "session/kernel_types.hpp"

namespace hyperdbg {
namespace {

// What is known about one script when it is done.
struct Report {
  ScriptToolExit exit = script_ok;
  std::string out = {};
  std::string value = {};  // of test_statement(), in hexadecimal; the last call wins
  std::vector<script::Diagnostic> diagnostics = {};
};

std::string_view status_of(ScriptToolExit exit) {
  if (exit == script_has_mistakes) return "parse_error";
  return exit == script_ended_early ? "run_error" : "ok";
}

std::string json_line(const Report& report) {
  nlohmann::ordered_json json;
  json["status"] = status_of(report.exit);
  json["out"] = report.out;
  json["value"] = report.value;
  json["diagnostics"] = nlohmann::ordered_json::array();
  for (const script::Diagnostic& one : report.diagnostics) {
    nlohmann::ordered_json entry;
    entry["line"] = one.line;
    entry["column"] = one.column;
    entry["message"] = one.message;
    entry["hint"] = one.hint;
    entry["source"] = one.source_line;
    if (!one.file.empty()) entry["file"] = one.file;  // an included one
    json["diagnostics"].push_back(std::move(entry));
  }
  // What a script prints may be no UTF-8, JSON is.
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

class ScriptTool {
 public:
  explicit ScriptTool(const ScriptToolOptions& options) : options_(options) {
    if (!options.btf.empty()) types_.emplace(options.btf);
  }

  // A script at a time, each in a world of its own.
  Expected<Report> play(const std::string& text) {
    script::UserRuntime runtime;
    TRY_EXPECTED(prepare(runtime));
    script::CompileOptions compile_options;
    compile_options.global_slot = [&](std::string_view name) { return runtime.global_slot(name); };
    compile_options.aggregation = [&](const auto& one) { return runtime.aggregation_number(one); };
    if (types_) compile_options.types = &*types_;
    compile_options.folder = options_.file == "-" ? "" : std::filesystem::path(options_.file).parent_path().string();
    if (options_.verb == ScriptVerb::check) return mistakes(script::check(text, compile_options));
    const auto compiler = script::Compiler::load();
    if (!compiler) return fail("{}", compiler.error());
    if (options_.verb == ScriptVerb::ir) {
      auto ir = (*compiler)->intermediate(text, compile_options);
      if (!ir) return mistakes(std::move(ir.error()));
      return Report{.out = std::move(*ir)};
    }
    auto compiled = (*compiler)->compile(text, compile_options);
    if (!compiled) return mistakes(std::move(compiled.error()));
    if (options_.verb == ScriptVerb::disasm)
      return Report{.out = render_instructions(0, compiled->blob, compiled->code_size, {})};
    return run(runtime, *compiled, text);
  }

 private:
  static Report mistakes(std::vector<script::Diagnostic> diagnostics) {
    const ScriptToolExit exit = diagnostics.empty() ? script_ok : script_has_mistakes;
    return Report{.exit = exit, .diagnostics = std::move(diagnostics)};
  }

  Expected<void> prepare(script::UserRuntime& runtime) const {
    runtime.registers[HYPERDBG_RSP] = runtime.scratch_address();
    for (const std::string& setting : options_.settings) {
      const auto equals = setting.find('=');
      const std::string name = setting.substr(0, equals);
      if (equals == std::string::npos) return fail("--set wants NAME=VALUE, as in --set rax=1, not '{}'", setting);
      const auto value = script::parse_number(setting.substr(equals + 1));
      if (!value) return fail("--set {}: {}", name, value.error());
      if (!runtime.set(name, *value))
        return fail("--set {}: there is no register or pseudo-register of this name that can be set", name);
    }
    if (options_.fuel.empty()) return {};
    const auto fuel = script::parse_number(options_.fuel);
    if (!fuel || *fuel >> 63 != 0) return fail("--fuel {}: {}", options_.fuel, fuel ? "too large" : fuel.error());
    runtime.fields.fuel = static_cast<std::int64_t>(*fuel);
    return {};
  }

  static Expected<Report> run(script::UserRuntime& runtime, const script::CompiledScript& compiled,
                              const std::string& text) {
    auto outcome = runtime.run(compiled);
    if (!outcome) return fail("{}", outcome.error());
    Report report{.out = std::move(outcome->messages)};
    report.out += runtime.aggregates().render({});
    if (!outcome->results.empty()) report.value = fmt::format("{:x}", outcome->results.back());
    if (outcome->error == HYPERDBG_SCRIPT_OK) return report;
    report.exit = script_ended_early;
    script::Diagnostic diagnostic;
    diagnostic.line = static_cast<std::uint32_t>(outcome->position >> 12);
    diagnostic.column = static_cast<std::uint32_t>(outcome->position & 0xfff);
    diagnostic.source_line = script::line_of(text, diagnostic.line);
    diagnostic.message = script::failure_text(outcome->error, outcome->position, outcome->detail);
    report.diagnostics.push_back(std::move(diagnostic));
    return report;
  }

  const ScriptToolOptions& options_;
  std::optional<KernelTypes> types_;
};

Expected<std::string> read_text(const std::string& file) {
  if (file == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream stream(file, std::ios::binary);
  if (!stream || std::filesystem::is_directory(file)) return fail("cannot read the script '{}'", file);
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

void write(std::FILE* file, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

void write_plain(const Report& report, std::FILE* output, std::FILE* errors) {
  write(output, report.out);
  if (report.exit == script_has_mistakes) write(errors, script::render(report.diagnostics));
  if (report.exit == script_ended_early)
    write(errors, "err, the script was ended: " + report.diagnostics.front().message + '\n');
  if (!report.value.empty()) write(output, "test_statement: " + report.value + '\n');
}

// The exit code is the worst that one of the scripts had.
Expected<int> play_batch(ScriptTool& tool, std::FILE* output) {
  int worst = script_ok;
  for (std::string text; std::getline(std::cin, text, '\0');) {
    const Report report = TRY_EXPECTED(tool.play(text));
    write(output, json_line(report));
    worst = std::max(worst, static_cast<int>(report.exit));
  }
  return worst;
}

Expected<int> play(const ScriptToolOptions& options, std::FILE* output, std::FILE* errors) {
  if (!options.btf.empty()) {
    if (const auto types = Btf::load(options.btf); !types) return fail("--btf {}: {}", options.btf, types.error());
  }
  ScriptTool tool(options);
  if (options.batch) return play_batch(tool, output);
  const std::string text = TRY_EXPECTED(read_text(options.file));
  const Report report = TRY_EXPECTED(tool.play(text));
  if (options.json)
    write(output, json_line(report));
  else
    write_plain(report, output, errors);
  return report.exit;
}

}  // namespace

int run_script_tool(const ScriptToolOptions& options, std::FILE* output, std::FILE* errors) {
  const auto exit = play(options, output, errors);
  if (exit) return *exit;
  write(errors, "err, " + exit.error().message + '\n');
  return script_not_tried;
}

}  // namespace hyperdbg
