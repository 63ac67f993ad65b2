// SPDX-License-Identifier: MIT
#include "session/session.hpp"

#include <cstring>
#include <thread>

#include "abi/version.h"
#include "session/connection.hpp"
#include "session/status_text.hpp"
#include "symbols/symbol_file.hpp"

namespace hyperdbg {
namespace {

constexpr std::chrono::milliseconds halt_patience{5000};

std::string text_in(const char* field, std::size_t size) {
  return {field, strnlen(field, size)};
}

}  // namespace

Session::Session(SessionListener& listener)
    : listener_(listener),
      symbols_directory_(default_symbol_directory()),
      records_(
          [this](ActionKey key) {
            return ask(HYPERDBG_REQUEST_EVENT_METADATA, object_bytes(hyperdbg_action_reference{key.event, key.action}));
          },
          {[this](std::uint32_t event, std::string_view text) {
             if (!outputs_.forward(event, text)) listener_.on_text(text);
           },
           [this](std::uint32_t event, ByteView bytes) { return outputs_.forward(event, text_of(bytes)); },
           [this](std::string_view line) { listener_.on_notice(line); }}),
      outputs_([this](std::string_view line) { listener_.on_notice(line); }) {}

Session::~Session() {
  detach();
}

Expected<void> Session::attach(std::unique_ptr<Target> target, OnAttach on_attach) {
  detach();
  target_ = std::move(target);
  target_->set_listener(this);
  target_->set_cancelled([this] { return cancelled(); });
  attaching_ = true;
  ended_ = false;
  auto attached = say_hello();
  if (attached) attached = settle(on_attach);
  attaching_ = false;
  if (!attached) {
    target_.reset();
    state_ = SessionState::none;
    return attached;
  }
  if (state_ == SessionState::halted) listener_.on_halt(halted_);
  return {};
}

Expected<void> Session::say_hello() {
  hyperdbg_hello hello{};
  hello.abi = HYPERDBG_ABI;
  std::strncpy(hello.version, HYPERDBG_VERSION, sizeof hello.version - 1);
  for (bool told = false;;) {
    auto answer = target_->request(HYPERDBG_REQUEST_HELLO, object_bytes(hello));
    if (answer) {
      // The answer comes first: with another version its structure may differ behind abi and version.
      const std::size_t known = std::min(answer->payload.size(), sizeof hello_);
      if (known < offsetof(hyperdbg_hello_answer, mode) && answer->status != HYPERDBG_OK)
        return std::unexpected(status_error(answer->status));
      std::memcpy(&hello_, answer->payload.data(), known);
      TRY_EXPECTED(check_version());
      if (answer->status != HYPERDBG_OK) return std::unexpected(status_error(answer->status));
      if (known < sizeof hello_)
        return fail("err, invalid packet is received. did you connect to an instance of HyperDbg?");
      return {};
    }
    if (answer.error().kind != ErrorKind::no_answer) return std::unexpected(answer.error());
    if (!told)
      listener_.on_notice(
          "no answer yet. on the debuggee: '.debug prepare serial BAUD comN', on the same line and rate; CTRL+C stops "
          "waiting");
    told = true;
  }
}

Expected<void> Session::check_version() const {
  const std::string version = text_in(hello_.version, sizeof hello_.version);
  if (hello_.abi == HYPERDBG_ABI && version == HYPERDBG_VERSION) return {};
  return fail(
      "err, the debuggee runs version {} (abi {:x}), this debugger is version {} (abi {:x}); install the same on both",
      version, hello_.abi, HYPERDBG_VERSION, HYPERDBG_ABI);
}

// The state in which the session begins.
Expected<void> Session::settle(OnAttach on_attach) {
  forget_events();
  registers_.reset();
  symbols_.reset();
  modules_known_ = false;
  paused_ = flushing_ = false;
  discarded_ = 0;
  if (hello_.mode == HYPERDBG_MODE_VMI) {
    state_ = SessionState::vmi;
    return {};
  }
  if (on_attached) on_attached(hello_);
  load_symbols();
  // A HALTED that came meanwhile has told the rest.
  if (hello_.halted == 0 && state_ != SessionState::halted) {
    state_ = SessionState::running;
    if (on_attach == OnAttach::leave_as_it_is) return {};
    TRY_EXPECTED(halt());
    return wait_for_halt(halt_patience);
  }
  if (state_ == SessionState::halted) return {};
  const hyperdbg_status_answer now = TRY_EXPECTED(status());
  return look_at_halt(now.core);
}

// Makes up for a HALTED packet that this debugger has not seen: who asks the registers learns the same, but the reason.
Expected<void> Session::look_at_halt(std::uint32_t core) {
  state_ = SessionState::halted;
  modules_known_ = false;
  halted_ = {};
  halted_.core = core;
  halted_.bits = 64;
  registers_.reset();
  const Registers now = TRY_EXPECTED(registers());
  halted_.rip = now[HYPERDBG_RIP];
  halted_.rflags = now[HYPERDBG_RFLAGS];
  if (const auto code = read_memory(halted_.rip, sizeof halted_.code, HYPERDBG_VIRTUAL)) {
    while (halted_.code_size < sizeof halted_.code && code->valid[halted_.code_size]) {
      halted_.code[halted_.code_size] = code->bytes[halted_.code_size];
      ++halted_.code_size;
    }
  }
  return {};
}

void Session::detach() {
  if (!target_) return;
  pump();
  if (target_) say_goodbye();
  records_.flush();
  target_.reset();
  state_ = SessionState::none;
  registers_.reset();
}

// What cannot be said is not: the debugger leaves all the same.
void Session::say_goodbye() {
  target_->hurry();
  if (state_ == SessionState::halted) static_cast<void>(ask(HYPERDBG_REQUEST_CONTINUE));
  if (is_debugger_mode()) static_cast<void>(ask(HYPERDBG_REQUEST_DETACH));
}

void Session::pump() {
  if (target_) target_->pump();
  records_.flush_when_quiet();
  if (ended_ && target_) {  // not within the target's own call
    target_.reset();
    state_ = SessionState::none;
  }
}

Expected<Bytes> Session::ask(std::uint32_t kind, ByteView payload) {
  if (!target_ || ended_)
    return fail("err, you're not connected to any instance of HyperDbg, did you use '.connect' or '.debug'?");
  Answer answer = TRY_EXPECTED(target_->request(kind, payload));
  if (answer.status != HYPERDBG_OK) return std::unexpected(status_error(answer.status));
  return std::move(answer.payload);
}

Expected<void> Session::go() {
  if (state_ == SessionState::running) return fail("err, the debuggee is already running");
  // Set first: the next halt may be told before the answer to this request is.
  const SessionState before = state_;
  state_ = SessionState::running;
  registers_.reset();
  const auto answer = ask(HYPERDBG_REQUEST_CONTINUE);
  if (answer) return {};
  if (answer.error().status == HYPERDBG_NOT_HALTED) return {};  // it runs, which is what was wanted
  state_ = before;
  return std::unexpected(answer.error());
}

Expected<void> Session::halt() {
  if (state_ == SessionState::halted) return fail("err, the debuggee is already halted");
  const auto answer = ask(HYPERDBG_REQUEST_HALT);
  if (answer) return {};
  if (answer.error().status == HYPERDBG_ALREADY_HALTED) {
    on_uncertain();  // its HALTED packet was lost, or is on its way
    return {};
  }
  return std::unexpected(answer.error());
}

Expected<void> Session::wait_for_halt(std::chrono::milliseconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (state_ != SessionState::halted) {
    if (state_ == SessionState::none) return fail("err, the session is over");
    if (cancelled()) return fail_with(ErrorKind::cancelled, "cancelled");
    if (std::chrono::steady_clock::now() > end)
      return fail_with(ErrorKind::no_answer,
                       "err, the debuggee did not halt; is it still running, and the line in order?");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    pump();
  }
  return {};
}

Expected<void> Session::switch_core(std::uint32_t core) {
  if (!attaching_ && core >= hello_.cpus) return std::unexpected(status_error(HYPERDBG_INVALID_CORE));
  registers_.reset();
  halted_.core = ~0u;
  TRY_EXPECTED(ask(HYPERDBG_REQUEST_SWITCH_CORE, object_bytes(core)));
  const auto end = std::chrono::steady_clock::now() + halt_patience;
  while (halted_.core != core) {
    if (std::chrono::steady_clock::now() > end) {
      halted_.core = core;
      return fail_with(ErrorKind::no_answer, "err, core 0x{:x} did not answer", core);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    pump();
    if (state_ == SessionState::none) return fail("err, the session is over");
  }
  return {};
}

Expected<hyperdbg_status_answer> Session::status() {
  const Bytes bytes = TRY_EXPECTED(ask(HYPERDBG_REQUEST_STATUS));
  const auto answer = object_at<hyperdbg_status_answer>(bytes);
  if (!answer) return fail("err, the debuggee's answer is too short");
  return *answer;
}

Expected<void> Session::reset() {
  TRY_EXPECTED(ask(HYPERDBG_REQUEST_RESET));
  forget_events();
  return {};
}

void Session::forget_events() {
  records_.forget();
  texts_.clear();
  aggregations_.clear();
  outputs_.unbind_all();
}

Expected<hyperdbg_checksums> Session::test_checksum() {
  const Bytes answer = TRY_EXPECTED(ask(HYPERDBG_REQUEST_TEST_CHECKSUM));
  const auto sums = object_at<hyperdbg_checksums>(answer);
  if (!sums) return fail("err, the debuggee's answer is too short");
  return *sums;
}

Expected<void> Session::test_fault() {
  TRY_EXPECTED(ask(HYPERDBG_REQUEST_TEST_FAULT));
  return {};
}

void Session::end(std::string_view why) {
  if (ended_) return;
  ended_ = true;
  state_ = SessionState::none;
  records_.flush();
  listener_.on_end(why);
}

void Session::on_records(ByteView records) {
  if (!paused_ && !flushing_) return records_.handle(records);
  (flushing_ ? flushed_ : discarded_) += records_.discard(records);
}

std::size_t Session::flush() {
  flushed_ = records_.discard();
  flushing_ = true;
  if (target_) target_->pump();
  flushing_ = false;
  return std::exchange(flushed_, 0);
}

std::size_t Session::resume_messages() {
  pump();
  paused_ = false;
  return std::exchange(discarded_, 0);
}

void Session::on_halted(const hyperdbg_halted& halted) {
  halted_ = halted;
  registers_.reset();
  if (state_ != SessionState::halted) modules_known_ = false;
  state_ = SessionState::halted;
  records_.flush();
  if (!attaching_ && halted.reason != HYPERDBG_HALT_CORE) listener_.on_halt(halted);
}

void Session::on_running() {
  state_ = SessionState::running;
  registers_.reset();
}

void Session::on_fault(std::string_view report) {
  end(fmt::format("the hypervisor has stopped the debuggee because of a fault of its own:\n{}\nreset the debuggee",
                  report));
}

void Session::on_left() {
  end("the debuggee has unloaded the hypervisor, the session is over");
}

void Session::on_disconnected(const Error& why) {
  end(why.message);
}

// A packet that told a halt or a continue may be lost; the debuggee knows.
void Session::on_uncertain() {
  const auto now = status();
  if (!now) return;
  if (now->halted == 0) {
    state_ = SessionState::running;
  } else if (state_ != SessionState::halted) {
    if (look_at_halt(now->core) && !attaching_) listener_.on_halt(halted_);
  }
}

}  // namespace hyperdbg
