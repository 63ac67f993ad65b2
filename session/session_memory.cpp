// SPDX-License-Identifier: MIT
#include <algorithm>

#include "abi/status.h"
#include "session/kernel_log.hpp"
#include "session/session.hpp"
#include "session/status_text.hpp"
#include "symbols/symbol_file.hpp"

namespace hyperdbg {
namespace {

constexpr std::size_t chunk = 4096;

BuildId build_id_of(const hyperdbg_hello_answer& hello) {
  BuildId id;
  std::ranges::copy(hello.build_id, id.begin());
  return id;
}

std::size_t to_page_end(std::uint64_t address) {
  return chunk - (address & (chunk - 1));
}

}  // namespace

bool ReadMemory::any_valid() const {
  return std::ranges::find(valid, true) != valid.end();
}

Expected<Registers> Session::registers() {
  if (state_ != SessionState::halted) return std::unexpected(status_error(HYPERDBG_NOT_HALTED));
  if (registers_) return *registers_;
  const Bytes bytes = TRY_EXPECTED(ask(HYPERDBG_REQUEST_READ_REGISTERS));
  const auto values = object_at<Registers>(bytes);
  if (!values) return fail("err, the debuggee's answer is too short");
  registers_ = *values;
  return *values;
}

Expected<void> Session::write_register(const RegisterName& name, std::uint64_t value) {
  const Registers now = TRY_EXPECTED(registers());
  hyperdbg_register_value request{};
  request.number = name.number;
  request.value = name.merged(now[name.number], value);
  registers_.reset();
  TRY_EXPECTED(ask(HYPERDBG_REQUEST_WRITE_REGISTER, object_bytes(request)));
  return {};
}

Expected<ReadMemory> Session::read_memory(std::uint64_t address, std::size_t size, hyperdbg_address_kind kind) {
  ReadMemory memory{Bytes(size), std::vector<bool>(size)};
  for (std::size_t done = 0; done < size;) {
    // Never across a page: an answer that ends early then tells that the rest of this page is not there.
    const std::size_t wanted = std::min(size - done, to_page_end(address + done));
    hyperdbg_memory_range range{};
    range.address = address + done;
    range.size = static_cast<std::uint32_t>(wanted);
    range.kind = kind;
    const auto answer = ask(HYPERDBG_REQUEST_READ_MEMORY, object_bytes(range));
    if (!answer && answer.error().status != HYPERDBG_INVALID_ADDRESS) return std::unexpected(answer.error());
    const std::size_t got = answer ? std::min(answer->size(), wanted) : 0;
    if (got != 0) std::copy_n(answer->begin(), got, memory.bytes.begin() + static_cast<std::ptrdiff_t>(done));
    std::fill_n(memory.valid.begin() + static_cast<std::ptrdiff_t>(done), got, true);
    done += wanted;
  }
  return memory;
}

Expected<void> Session::write_memory(std::uint64_t address, ByteView bytes, hyperdbg_address_kind kind) {
  for (std::size_t done = 0; done < bytes.size();) {
    const std::size_t size = std::min(bytes.size() - done, chunk);
    hyperdbg_memory_range range{};
    range.address = address + done;
    range.size = static_cast<std::uint32_t>(size);
    range.kind = kind;
    Bytes request;
    append(request, object_bytes(range));
    append(request, bytes.subspan(done, size));
    TRY_EXPECTED(ask(HYPERDBG_REQUEST_WRITE_MEMORY, request));
    done += size;
  }
  return {};
}

void Session::load_symbols() {
  auto table = load_symbol_file(symbols_directory_, build_id_of(hello_), hello_.anchor);
  if (table) {
    symbols_ = std::move(*table);
    return;
  }
  symbols_.emplace();
  listener_.on_notice(table.error());
}

// Once after each halt, and only when a module matters: on a slow line the list takes a while.
void Session::load_modules() {
  const bool may_have_changed = !modules_known_ || state_ == SessionState::running;
  if (!may_have_changed || !symbols_) return;
  const auto answer = ask(HYPERDBG_REQUEST_MODULES);
  if (!answer) return;
  modules_known_ = true;
  std::vector<ModuleRange> modules;
  for (std::size_t at = 0; const auto info = object_at<hyperdbg_module_info>(*answer, at); at += sizeof *info)
    modules.push_back({std::string(info->name, strnlen(info->name, sizeof info->name)), info->base, info->size});
  symbols_->set_modules(std::move(modules));
}

const SymbolTable& Session::symbols() {
  if (symbols_) return *symbols_;
  // In VMI Mode only when first needed, so that starting stays quick.
  auto table = state_ == SessionState::vmi ? load_kallsyms() : Loaded<SymbolTable>(SymbolTable());
  if (!table) listener_.on_notice(table.error());
  symbols_ = table ? std::move(*table) : SymbolTable();
  return *symbols_;
}

const SymbolTable& Session::symbols_for(std::string_view name) {
  const auto mark = name.find('!');
  symbols();
  if (mark != std::string_view::npos && !is_kernel_module(name.substr(0, mark))) load_modules();
  return *symbols_;
}

std::optional<std::uint64_t> Session::symbol_address(std::string_view name) {
  const auto mark = name.find('!');
  const bool has_module = mark != std::string_view::npos;
  const auto symbol = symbols_for(name).find(name);
  if (symbol && (has_module || symbol->module == "vmlinux")) return symbol->address;
  if (has_module && !name.substr(mark + 1).empty()) return std::nullopt;
  load_modules();
  if (const auto found = symbols_->find(name)) return found->address;
  for (const ModuleRange& range : symbols_->modules())
    if (range.name == name.substr(0, mark)) return range.base;
  return std::nullopt;
}

Expected<std::uint64_t> Session::address(std::string_view expression) {
  NameSource names;
  names.symbol = [this](std::string_view name) { return symbol_address(name); };
  names.register_value = [&](std::string_view name) -> Expected<std::uint64_t> {
    const auto found = find_register(name);
    if (!found) return fail("err, couldn't resolve error at '{}'", expression);
    const Registers now = TRY_EXPECTED(registers());
    return found->read(now);
  };
  return evaluate_address(expression, names);
}

std::optional<std::string> Session::name_of(std::uint64_t address) {
  constexpr std::uint64_t module_area = 0xffffffff'a0000000;
  const auto kernel_end = symbols().find("vmlinux!_end");  // which may lie in that area
  if (address >= std::max(module_area, kernel_end ? kernel_end->address : 0)) load_modules();
  const ModuleRange* range = symbols_->module_of(address);
  const auto nearest = symbols_->nearest(address);
  if (range != nullptr && (!nearest || nearest->symbol.module != range->name))
    return fmt::format("{}+0x{:x}", range->name, address - range->base);
  if (!nearest) return std::nullopt;
  return qualified_name(nearest->symbol, nearest->offset);
}

KernelTypes* Session::kernel_types() {
  if (!has_target()) return nullptr;
  if (!types_ || types_->identity() != types_path().string()) types_ = std::make_unique<KernelTypes>(types_path());
  return types_.get();
}

std::filesystem::path Session::types_path() const {
  if (state_ == SessionState::vmi) return "/sys/kernel/btf/vmlinux";
  return btf_path(symbols_directory_, build_id_of(hello_));
}

Expected<std::string> Session::kernel_log(std::size_t records) {
  const auto ring = symbols().find("prb");
  if (!ring) return fail("err, no symbol 'prb' (the kernel's log) is known; see 'hyperdbg symbols save'");
  const auto types = Btf::load(types_path());
  if (!types)
    return fail(
        "err, the kernel's types are needed to read its log: {}. run 'hyperdbg symbols save DIRECTORY' on the debuggee "
        "and "
        "copy the files to {}",
        types.error(), symbols_directory_.string());
  return read_kernel_log(ring->address, *types, records,
                         [this](std::uint64_t address, std::size_t size) -> Expected<Bytes> {
                           auto memory = TRY_EXPECTED(read_memory(address, size, HYPERDBG_VIRTUAL));
                           if (std::ranges::find(memory.valid, false) != memory.valid.end())
                             return fail("err, the kernel's log could not be read at {:x}", address);
                           return std::move(memory.bytes);
                         });
}

}  // namespace hyperdbg
