// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "abi/limits.h"
#include "abi/request.h"
#include "abi/status.h"
#include "script/compiler.hpp"
#include "script/runtime/aggregates.hpp"
#include "script/runtime/user_runtime.hpp"
#include "session/address.hpp"
#include "session/event_command.hpp"
#include "session/kernel_types.hpp"
#include "session/output_sources.hpp"
#include "session/records.hpp"
#include "session/registers.hpp"
#include "session/target.hpp"
#include "symbols/symbol_table.hpp"

namespace hyperdbg {

// What happens without being asked for. Calls come from pump() and from within requests.
class SessionListener {
 public:
  virtual ~SessionListener() = default;
  virtual void on_text(std::string_view text) = 0;    // what scripts print
  virtual void on_notice(std::string_view line) = 0;  // a line for the person
  virtual void on_halt(const hyperdbg_halted& halted) = 0;
  virtual void on_end(std::string_view why) = 0;  // the session is over
};

enum class SessionState {
  none,     // nothing to talk to
  vmi,      // the hypervisor is beneath this machine
  running,  // Debugger Mode
  halted,
};

struct ReadMemory {
  Bytes bytes;
  std::vector<bool> valid;
  bool any_valid() const;
};

// One event as the debuggee lists it, with its command.
struct ListedEvent {
  hyperdbg_event_info info;
  std::string text;
};

// An action as the debuggee gets it.
struct BuiltAction {
  hyperdbg_action_kind kind;
  Bytes code, metadata;
  std::uint32_t flags = 0;  // enum hyperdbg_action_flag
  std::uint64_t fuel = 0;   // of scripts
  std::vector<std::string> aggregations{};
};

enum class OnAttach { leave_as_it_is, halt };

/*
 * One debugging session: a target, its symbols, its events. Everything a front end offers is a call here; nothing is
 * printed. Not thread-safe: one loop calls pump() and the commands.
 */
class Session final : private TargetListener {
 public:
  explicit Session(SessionListener& listener);
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // --- beginning and end (session.cpp)
  // Says HELLO until somebody answers or `cancelled`; takes over symbols by `symbols_directory` (Debugger Mode).
  Expected<void> attach(std::unique_ptr<Target> target, OnAttach on_attach = OnAttach::leave_as_it_is);
  // Lets go; a halted debuggee continues.
  void detach();
  void set_cancelled(std::function<bool()> cancelled) { cancelled_ = std::move(cancelled); }
  // Another compiler than script/compiler.hpp's, for tests.
  using Compile = std::function<script::CompileResult(std::string_view, const script::CompileOptions&)>;
  void set_compiler(Compile compile) { compiler_ = std::move(compile); }
  // Called between the debuggee's first answer and the loading of symbols.
  std::function<void(const hyperdbg_hello_answer&)> on_attached;
  void set_symbols_directory(std::filesystem::path directory) { symbols_directory_ = std::move(directory); }

  SessionState state() const { return state_; }
  bool is_debugger_mode() const { return state_ == SessionState::running || state_ == SessionState::halted; }
  hyperdbg_mode mode() const { return static_cast<hyperdbg_mode>(hello_.mode); }
  const hyperdbg_hello_answer& hello() const { return hello_; }
  std::uint32_t core() const { return halted_.core; }
  const hyperdbg_halted& halted() const { return halted_; }
  int descriptor() const { return target_ ? target_->descriptor() : -1; }
  bool has_target() const { return target_ != nullptr; }
  void pump();

  // --- run control
  Expected<void> go();
  Expected<void> halt();
  // Pumps until a halt; an error if it does not come.
  Expected<void> wait_for_halt(std::chrono::milliseconds timeout);
  Expected<void> switch_core(std::uint32_t core);
  Expected<hyperdbg_status_answer> status();
  Expected<void> reset();
  Expected<void> test_fault();
  // Shows what `imm no` collected.
  void show_collected() { records_.flush(); }
  Expected<hyperdbg_checksums> test_checksum();
  // VMI Mode: while paused, messages are thrown away; how many is known at the end.
  void pause_messages() { paused_ = state_ == SessionState::vmi; }
  bool paused() const { return paused_; }
  std::size_t resume_messages();
  // Throws away the messages that nobody has seen yet; returns how many.
  std::size_t flush();

  // --- events (session_events.cpp)
  EventRules event_rules() const;
  Expected<std::uint32_t> add_event(const EventDefinition& definition);
  // Behind the event's other actions.
  Expected<void> add_action(std::uint32_t event, const ActionRequest& request);
  Expected<std::vector<ListedEvent>> events();
  Expected<void> modify_event(std::uint32_t id, hyperdbg_event_modify modification);
  Expected<void> short_circuit(bool on);
  // Operations that a run of a script may spend; an event keeps what was set when it was made. 1 to INT64_MAX.
  void set_fuel(std::uint64_t operations) { fuel_ = operations; }
  std::uint64_t fuel() const { return fuel_; }
  // Where events may send what they print, instead of to the listener. They outlive sessions with debuggees.
  OutputSources& outputs() { return outputs_; }
  // --- aggregations (session_aggregates.cpp)
  Expected<script::Aggregates> aggregates();              // of all CPUs
  Expected<void> clear_aggregates(std::uint32_t number);  // or HYPERDBG_ALL_AGGREGATIONS
  // Names of those that the script of an event, or of all events, adds to, as far as this session made them.
  std::vector<std::string> aggregations_of(std::uint32_t event) const;

  // Runs statements on the operating core; what they print comes through the listener first.
  Expected<void> evaluate(const std::string& script);
  // Runs statements inside of this program, against an environment of its own.
  Expected<void> evaluate_here(const std::string& script);

  // --- registers, memory, names (session_memory.cpp)
  Expected<Registers> registers();
  Expected<void> write_register(const RegisterName& name, std::uint64_t value);
  Expected<ReadMemory> read_memory(std::uint64_t address, std::size_t size, hyperdbg_address_kind kind);
  Expected<void> write_memory(std::uint64_t address, ByteView bytes, hyperdbg_address_kind kind);
  Expected<std::uint64_t> address(std::string_view expression);
  const SymbolTable& symbols();
  // The same, with the debuggee's modules as they lie now if `name` (or a pattern) is of one: "probe!run*".
  const SymbolTable& symbols_for(std::string_view name);
  // "vmlinux!name+0x5", or nothing.
  std::optional<std::string> name_of(std::uint64_t address);
  // Where this debuggee's kernel types lie, if they were saved.
  std::filesystem::path types_path() const;
  Expected<std::string> kernel_log(std::size_t records);

  Expected<Bytes> ask(std::uint32_t kind, ByteView payload = {});

 private:
  void on_records(ByteView records) override;
  void on_halted(const hyperdbg_halted& halted) override;
  void on_running() override;
  void on_fault(std::string_view report) override;
  void on_left() override;
  void on_disconnected(const Error& why) override;
  void on_uncertain() override;

  Expected<Bytes> build(const MachineCode& code);
  Expected<BuiltAction> build(const ActionDefinition& action);
  BuiltAction script_action(hyperdbg_action_kind kind, script::CompiledScript script) const;
  void remember(ActionKey key, const BuiltAction& built);
  Expected<void> send_code(const BuiltAction& action);
  Expected<script::CompiledScript> compile(const std::string& script);
  Expected<script::CompiledScript> compile(const std::string& script, const script::CompileOptions& options);
  Expected<std::string> event_text(std::uint32_t id);
  Expected<void> say_hello();
  void say_goodbye();
  Expected<void> check_version() const;
  Expected<void> settle(OnAttach on_attach);
  Expected<void> look_at_halt(std::uint32_t core);
  void forget_events();
  void load_symbols();
  void load_modules();
  void end(std::string_view why);
  bool cancelled() const { return cancelled_ && cancelled_(); }
  std::optional<std::uint64_t> symbol_address(std::string_view name);
  KernelTypes* kernel_types();
  Expected<std::uint32_t> aggregation_number(const hyperdbg_aggregation& aggregation);
  Expected<void> add_aggregates(script::Aggregates& all, std::uint32_t core);

  SessionListener& listener_;
  std::function<bool()> cancelled_;
  Compile compiler_;
  std::filesystem::path symbols_directory_;
  std::unique_ptr<Target> target_;
  SessionState state_ = SessionState::none;
  hyperdbg_hello_answer hello_{};
  hyperdbg_halted halted_{};
  std::optional<Registers> registers_;  // of the operating core, while halted
  RecordFormatter records_;
  OutputSources outputs_;
  std::map<std::uint32_t, std::string> texts_;                      // commands of events, by id
  std::map<std::uint32_t, std::vector<std::string>> aggregations_;  // that events' scripts add to, by id
  std::optional<SymbolTable> symbols_;
  std::unique_ptr<KernelTypes> types_;                 // of this debuggee; made for its first script
  std::unique_ptr<script::UserRuntime> user_runtime_;  // made when first needed; keeps its globals
  bool modules_known_ = false;                         // since the last halt
  bool attaching_ = false;
  bool paused_ = false;
  bool flushing_ = false;
  std::size_t discarded_ = 0;  // messages, while paused
  std::size_t flushed_ = 0;
  std::uint64_t fuel_ = HYPERDBG_SCRIPT_FUEL;
  bool ended_ = false;
};

}  // namespace hyperdbg
