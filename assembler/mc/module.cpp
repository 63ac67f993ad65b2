// SPDX-License-Identifier: MIT
#include "assembler/mc/module.hpp"

#include <llvm/MC/MCAsmBackend.h>
#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCCodeEmitter.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCObjectFileInfo.h>
#include <llvm/MC/MCObjectWriter.h>
#include <llvm/MC/MCParser/MCAsmLexer.h>
#include <llvm/MC/MCParser/MCAsmParser.h>
#include <llvm/MC/MCParser/MCTargetAsmParser.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCStreamer.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/MCTargetOptions.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Support/ErrorHandling.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>

#include <memory>
#include <stdexcept>

#include "abi/version.h"

// LLVM's assembler for x86-64 in Intel syntax, from text to the bytes of one section.
namespace hyperdbg::assembler {
namespace {

constexpr const char* triple_name = "x86_64-unknown-linux-elf";

void throw_fatal_error(void*, const char* reason, bool) {
  throw std::runtime_error(reason);
}

const llvm::Target& target() {
  static const llvm::Target* found = [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmParser();
    std::string error;
    const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple_name, error);
    if (!target) throw std::runtime_error(error);
    return target;
  }();
  return *found;
}

void keep(const llvm::SMDiagnostic& diagnostic, void* context) {
  if (diagnostic.getKind() != llvm::SourceMgr::DK_Error) return;
  const int line = diagnostic.getLineNo(), column = diagnostic.getColumnNo();
  static_cast<Assembled*>(context)->errors.push_back({line > 0 ? static_cast<std::uint32_t>(line) : 0,
                                                      column >= 0 ? static_cast<std::uint32_t>(column) + 1 : 0,
                                                      diagnostic.getMessage().str()});
}

// Everything that LLVM wants to know of a target, to live as long as one assembly.
class Assembly {
 public:
  explicit Assembly(Assembled& result) : triple_(triple_name) {
    sources_.setDiagHandler(keep, &result);
    registers_.reset(target().createMCRegInfo(triple_name));
    information_.reset(target().createMCAsmInfo(*registers_, triple_name, options_));
    instructions_.reset(target().createMCInstrInfo());
    subtarget_.reset(target().createMCSubtargetInfo(triple_name, "", ""));
    context_ = std::make_unique<llvm::MCContext>(triple_, information_.get(), registers_.get(), subtarget_.get(),
                                                 &sources_, &options_);
    context_->setDiagnosticHandler([&result](const llvm::SMDiagnostic& diagnostic, bool, const llvm::SourceMgr&,
                                             std::vector<const llvm::MDNode*>&) { keep(diagnostic, &result); });
    object_information_.reset(target().createMCObjectFileInfo(*context_, false));
    context_->setObjectFileInfo(object_information_.get());
  }

  // An object file; what is wrong has gone to the result.
  llvm::SmallVector<char, 0> assemble(std::string_view text) {
    sources_.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy({text.data(), text.size()}, ""), llvm::SMLoc());
    llvm::SmallVector<char, 0> object;
    llvm::raw_svector_ostream stream(object);
    auto emitter = std::unique_ptr<llvm::MCCodeEmitter>(target().createMCCodeEmitter(*instructions_, *context_));
    auto backend = std::unique_ptr<llvm::MCAsmBackend>(target().createMCAsmBackend(*subtarget_, *registers_, options_));
    auto writer = backend->createObjectWriter(stream);
    const std::unique_ptr<llvm::MCStreamer> streamer(target().createMCObjectStreamer(
        triple_, *context_, std::move(backend), std::move(writer), std::move(emitter), *subtarget_));
    const std::unique_ptr<llvm::MCAsmParser> parser(
        llvm::createMCAsmParser(sources_, *context_, *streamer, *information_));
    const std::unique_ptr<llvm::MCTargetAsmParser> dialect(
        target().createMCAsmParser(*subtarget_, *parser, *instructions_, options_));
    constexpr unsigned intel = 1;
    parser->setAssemblerDialect(intel);
    parser->getLexer().setLexMasmIntegers(true);  // 40h
    parser->setTargetParser(*dialect);
    parser->Run(false);
    return object;
  }

 private:
  llvm::Triple triple_;
  llvm::MCTargetOptions options_;
  llvm::SourceMgr sources_;
  std::unique_ptr<llvm::MCRegisterInfo> registers_;
  std::unique_ptr<llvm::MCAsmInfo> information_;
  std::unique_ptr<llvm::MCInstrInfo> instructions_;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget_;
  std::unique_ptr<llvm::MCContext> context_;
  std::unique_ptr<llvm::MCObjectFileInfo> object_information_;
};

// The code may lie anywhere, so nothing may be left for a linker.
void complain_about(const llvm::object::RelocationRef& relocation, const llvm::object::ObjectFile& file,
                    Assembled& result) {
  const auto symbol = relocation.getSymbol();
  std::string name;
  if (symbol != file.symbol_end()) {
    if (auto found = symbol->getName()) {
      name = found->str();
    } else {
      llvm::consumeError(found.takeError());
    }
  }
  result.errors.push_back(
      {0, 0,
       name.empty() ? "a jump or call to a fixed address: the code has no fixed place itself, use a register for it"
                    : "there is no label `" + name + "`"});
}

void take_text(const llvm::object::ObjectFile& file, Assembled& result) {
  for (const llvm::object::SectionRef& section : file.sections()) {
    auto relocated = section.getRelocatedSection();
    if (relocated && *relocated != file.section_end())
      for (const auto& relocation : section.relocations()) complain_about(relocation, file, result);
    if (!relocated) llvm::consumeError(relocated.takeError());
    const bool holds_bytes = section.isText() || section.isData() || section.isBSS();
    if (!holds_bytes || section.getSize() == 0) continue;
    auto contents = section.getContents();
    if (!section.isText() || !contents) {
      if (!contents) llvm::consumeError(contents.takeError());
      result.errors.push_back({0, 0, "code has one section only: leave out .data, .bss and .section"});
      continue;
    }
    result.bytes.assign(contents->bytes_begin(), contents->bytes_end());
  }
}

Assembled assemble(std::string_view text) {
  const llvm::ScopedFatalErrorHandler handler(throw_fatal_error);
  Assembled result;
  try {
    const auto object = Assembly(result).assemble(text);
    if (!result.errors.empty()) return result;
    auto file = llvm::object::ObjectFile::createELFObjectFile(
        llvm::MemoryBufferRef(llvm::StringRef(object.data(), object.size()), "code"));
    if (!file) throw std::runtime_error(llvm::toString(file.takeError()));
    take_text(**file, result);
  } catch (const std::exception& error) {
    result.errors.push_back({0, 0, error.what()});
  }
  return result;
}

}  // namespace
}  // namespace hyperdbg::assembler

extern "C" __attribute__((visibility("default"))) const hyperdbg::assembler::AssemblerModule* hyperdbg_assembler() {
  using namespace hyperdbg::assembler;
  static const AssemblerModule module{HYPERDBG_VERSION, assemble};
  return &module;
}
