// SPDX-License-Identifier: MIT
#pragma once
#include <functional>
#include <string>

#include "abi/request.h"
#include "abi/wire.h"
#include "session/bytes.hpp"
#include "session/error.hpp"

namespace hyperdbg {

struct Answer {
  std::uint32_t status = 0;
  Bytes payload;
};

// Hears what the debuggee says unasked. Called from pump() and request() of the target, never from another thread.
class TargetListener {
 public:
  virtual ~TargetListener() = default;
  virtual void on_records(ByteView records) = 0;
  virtual void on_halted(const hyperdbg_halted& halted) = 0;
  virtual void on_running() = 0;
  // The image reported a fault of its own: the machine has stopped for good.
  virtual void on_fault(std::string_view report) = 0;
  virtual void on_left() = 0;
  virtual void on_disconnected(const Error& why) = 0;
  // A HALTED or RUNNING may have been lost on the line: the state has to be asked for.
  virtual void on_uncertain() = 0;
};

// Whoever takes requests of abi/request.h: the image at the other end of a line, the module of this machine, a fake.
class Target {
 public:
  virtual ~Target() = default;
  virtual Expected<Answer> request(std::uint32_t kind, ByteView payload) = 0;
  // Handles what has arrived. Never blocks.
  virtual void pump() = 0;
  // Readable when pump() has something to do; -1 if pump() has to be called every few milliseconds.
  virtual int descriptor() const = 0;

  void set_listener(TargetListener* listener) { listener_ = listener; }
  // The debugger is about to leave, and will not wait long for the answer to its last words.
  virtual void hurry() {}
  // Asked while waiting for an answer: true gives up.
  void set_cancelled(std::function<bool()> cancelled) { cancelled_ = std::move(cancelled); }

 protected:
  TargetListener* listener_ = nullptr;
  std::function<bool()> cancelled_;
};

}  // namespace hyperdbg
