// SPDX-License-Identifier: MIT
#include "lab/initramfs.hpp"

#include <stdio.h>

#include <array>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>

#include "lab/cpio.hpp"
#include "lab/process.hpp"

namespace hyperdbg::lab {
namespace {

namespace fs = std::filesystem;

// The libraries that the dynamic linker would load, with the linker itself; none for a static program.
std::vector<fs::path> libraries_of(const fs::path& program) {
  const std::string command = "ldd '" + program.string() + "' 2>/dev/null";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string text;
  std::array<char, 4096> buffer;
  while (pipe && fgets(buffer.data(), buffer.size(), pipe.get()) != nullptr) text += buffer.data();
  std::vector<fs::path> libraries;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (word.starts_with('/')) libraries.emplace_back(word);
  }
  return libraries;
}

class Builder {
 public:
  explicit Builder(fs::path work) : work_(std::move(work)) {}

  Expected<void> file(const fs::path& to, const fs::path& from, unsigned mode = 0644) {
    if (!written_.insert(to.string()).second) return {};
    parents(to);
    return cpio_.copy(to.string().substr(1), from, mode);
  }

  Expected<void> program(const fs::path& to, const fs::path& from) {
    TRY_EXPECTED(file(to, from, 0755));
    for (const fs::path& library : libraries_of(from)) TRY_EXPECTED(file(library, library, 0755));
    return {};
  }

  // Of the project's own: without its debug information, which is most of it and which the guest would only unpack.
  Expected<void> stripped(const fs::path& to, const fs::path& from) {
    const fs::path copy = work_ / "stripped";
    ProcessOptions strip;
    strip.arguments = {"strip", "--strip-debug", "-o", copy, from};
    if (TRY_EXPECTED(Process::start(strip)).wait() != 0) return fail("cannot strip {}", from.string());
    return program(to, copy);
  }

  Cpio& raw() { return cpio_; }
  void parents(const fs::path& path) {
    fs::path directory;
    for (const fs::path& part : path.parent_path()) {
      directory /= part;
      if (directory != "/" && written_.insert(directory.string()).second) {
        cpio_.directory(directory.string().substr(1));
      }
    }
  }

 private:
  fs::path work_;
  Cpio cpio_;
  std::set<std::string> written_;
};

Expected<void> add_system(Builder& builder, const Files& files) {
  TRY_EXPECTED(builder.program("/bin/busybox", "/bin/busybox"));
  builder.raw().link("bin/sh", "busybox");
  builder.parents("/dev/console");
  builder.raw().character_device("dev/console", 5, 1);
  TRY_EXPECTED(builder.file("/init", files.root / "lab/guest/init", 0755));
  for (const auto& entry : fs::directory_iterator(files.root / "lab/guest")) {
    TRY_EXPECTED(builder.file("/lib/hyperdbg" / entry.path().filename(), entry.path(), 0755));
  }
  for (const auto& entry : fs::directory_iterator(files.modules())) {
    TRY_EXPECTED(builder.file("/lib/modules" / entry.path().filename(), entry.path()));
  }
  return {};
}

Expected<void> add_project(Builder& builder, const Files& files, Mode mode) {
  TRY_EXPECTED(builder.stripped("/bin/probe", files.guest_program()));
  TRY_EXPECTED(builder.stripped("/bin/probe32", files.guest_program_32()));
  TRY_EXPECTED(builder.stripped("/bin/hyperdbg", files.program("hyperdbg")));
  TRY_EXPECTED(builder.file("/lib/firmware/hyperdbg/image.bin", files.image()));
  builder.parents("/etc/hyperdbg/prepare.ds");
  builder.raw().file("etc/hyperdbg/prepare.ds", ".debug prepare serial 115200 com2\n");
  if (mode == Mode::vmi) {
    TRY_EXPECTED(builder.stripped("/bin/hyperdbg-compiler.so", files.program("hyperdbg-compiler.so")));
    TRY_EXPECTED(builder.stripped("/bin/hyperdbg-assembler.so", files.program("hyperdbg-assembler.so")));
  }
  return {};
}

}  // namespace

Expected<void> write_initramfs(const Files& files, const MachineNeeds& needs, const fs::path& to) {
  Builder builder(to.parent_path());
  TRY_EXPECTED(add_system(builder, files));
  TRY_EXPECTED(add_project(builder, files, needs.mode));
  for (const fs::path& copy : needs.copies) TRY_EXPECTED(builder.program("/bin" / copy.filename(), copy));
  const std::string archive = builder.raw().finish();
  std::ofstream stream(to, std::ios::binary);
  stream << archive;
  if (!stream.flush()) return fail("cannot write {}", to.string());
  return {};
}

}  // namespace hyperdbg::lab
