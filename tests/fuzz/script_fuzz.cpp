// SPDX-License-Identifier: MIT
// script_fuzz [SECONDS] [SEED] [FOLDER]: random programs, compiled, against their twins in C, and mutated scripts. With
// a FOLDER findings are kept there and it goes on; without one it stops at the first. `script_fuzz show SEED` prints a
// program.
#include <stdlib.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/c_oracle.hpp"
#include "tests/fuzz/comparison.hpp"
#include "tests/fuzz/mutation.hpp"
#include "tests/fuzz/program_maker.hpp"

namespace {

using namespace hyperdbg::fuzz;

constexpr std::size_t batch_size = 40;

// A folder of its own for the compiler's files.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = std::filesystem::temp_directory_path() / "script_fuzz.XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct Totals {
  std::array<unsigned long, 5> verdicts{};
  unsigned long mutated = 0, mutated_findings = 0;
  unsigned long& of(Verdict::Kind kind) { return verdicts.at(static_cast<std::size_t>(kind)); }
};

void show(const Totals& totals) {
  Totals all = totals;
  unsigned long programs = 0;
  for (const unsigned long count : all.verdicts) programs += count;
  std::printf(
      "%lu programs: %lu the same, %lu ended for the same reason, %lu unclear, %lu too large, %lu findings; "
      "%lu mutated scripts, %lu findings\n",
      programs, all.of(Verdict::Kind::same), all.of(Verdict::Kind::same_end), all.of(Verdict::Kind::unclear),
      all.of(Verdict::Kind::refused), all.of(Verdict::Kind::different), all.mutated, all.mutated_findings);
  std::fflush(stdout);
}

void keep(const std::filesystem::path& folder, const std::string& name, const std::string& what,
          const std::string& text) {
  if (folder.empty()) {
    std::fprintf(stderr, "%s: %s\n--\n%s", name.c_str(), what.c_str(), text.c_str());
  } else {
    std::ofstream(folder / (name + ".txt")) << what << "\n--\n" << text;
    std::printf("%s: %s\n", name.c_str(), what.substr(0, 200).c_str());
  }
}

// False: stop.
bool run_batch(std::mt19937_64& seeds, const std::filesystem::path& work, const std::filesystem::path& findings,
               Comparison& comparison, Totals& totals) {
  std::vector<std::uint64_t> numbers;
  std::vector<TwinProgram> programs;
  for (std::size_t i = 0; i < batch_size; ++i) {
    numbers.push_back(seeds() % 1000000000);
    programs.push_back(ProgramMaker(numbers.back()).make());
  }
  const auto batch = CompiledBatch::create(programs, work);
  if (!batch) {
    std::fprintf(stderr, "the oracle cannot be compiled:\n%s\n", batch.error().substr(0, 2000).c_str());
    std::exit(2);
  }
  for (std::size_t i = 0; i < programs.size(); ++i) {
    const Verdict verdict = comparison.run(programs[i], batch->program(programs[i].name), numbers[i]);
    ++totals.of(verdict.kind);
    if (verdict.kind != Verdict::Kind::different) continue;
    keep(findings, "program-" + std::to_string(numbers[i]), verdict.what, programs[i].script + "--\n" + programs[i].c);
    if (findings.empty()) return false;
  }
  return true;
}

// Seeds and fresh programs, changed; most are no longer right.
bool run_mutations(std::mt19937_64& random, const std::vector<std::string>& seeds, const std::filesystem::path& work,
                   const std::filesystem::path& findings, Totals& totals) {
  const auto any_text = [&] {
    return random() % 2 ? seeds[random() % seeds.size()] : ProgramMaker(random() % 1000000000).make().script;
  };
  for (std::size_t i = 0; i < batch_size; ++i) {
    const std::string text = mutate(any_text(), any_text(), random);
    std::ofstream(work / "mutated.script") << text;  // survives a crash
    const std::string what = try_script(text);
    ++totals.mutated;
    if (what.empty()) continue;
    ++totals.mutated_findings;
    keep(findings, "mutated-" + std::to_string(totals.mutated), what, text);
    if (findings.empty()) return false;
  }
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  using Clock = std::chrono::steady_clock;
  if (count > 2 && std::string_view(arguments[1]) == "show") {
    const TwinProgram program = ProgramMaker(std::strtoull(arguments[2], nullptr, 0)).make();
    std::printf("%s\n--\n%s", program.script.c_str(), program.c.c_str());
    return 0;
  }
  const auto end = Clock::now() + std::chrono::seconds(count > 1 ? std::atoi(arguments[1]) : 10);
  std::mt19937_64 seeds(count > 2 ? std::strtoull(arguments[2], nullptr, 0) : 1);
  const std::filesystem::path findings = count > 3 ? arguments[3] : "";
  if (!findings.empty()) std::filesystem::create_directories(findings);
  const TemporaryFolder work;
  const std::vector<std::string> texts = read_seeds();
  Comparison comparison;
  Totals totals;
  auto next_report = Clock::now() + std::chrono::minutes(1);
  while (Clock::now() < end && run_batch(seeds, work.path(), findings, comparison, totals) &&
         run_mutations(seeds, texts, work.path(), findings, totals)) {
    if (Clock::now() < next_report) continue;
    show(totals);
    next_report = Clock::now() + std::chrono::minutes(1);
  }
  show(totals);
  // A run that compared nothing proves nothing.
  if (totals.of(Verdict::Kind::same) == 0 || totals.mutated == 0) return 2;
  return totals.of(Verdict::Kind::different) + totals.mutated_findings == 0 ? 0 : 1;
}
