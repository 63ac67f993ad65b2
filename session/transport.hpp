// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "session/bytes.hpp"
#include "session/error.hpp"

namespace hyperdbg {

// A byte stream to a debuggee.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual Expected<void> send(ByteView bytes) = 0;
  // What has arrived, at most `capacity` bytes; 0 if nothing. Never blocks. An error means that the line is closed.
  virtual Expected<std::size_t> receive(std::uint8_t* bytes, std::size_t capacity) = 0;
  // Waits until something arrived; may return early.
  virtual void wait(std::chrono::milliseconds timeout) = 0;
  virtual int descriptor() const = 0;
};

// A tty, raw, eight bits, no parity, no flow control.
Expected<std::unique_ptr<Transport>> open_serial(const std::string& path, unsigned baud);
// The serial port of a virtual machine, as QEMU offers it.
Expected<std::unique_ptr<Transport>> connect_unix(const std::string& path);
Expected<std::unique_ptr<Transport>> connect_tcp(const std::string& host, const std::string& port);
// Takes over an open descriptor.
std::unique_ptr<Transport> adopt_descriptor(int descriptor);

// The documented rates; others are refused with status c0000012.
bool is_documented_baud(unsigned baud);

}  // namespace hyperdbg
