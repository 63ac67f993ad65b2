// SPDX-License-Identifier: MIT
#include <charconv>
#include <cstring>

#include "cli/commands/commands.hpp"
#include "cli/commands/local.hpp"
#include "cli/console.hpp"
#include "session/connection.hpp"

namespace hyperdbg {
namespace {

// The words behind `.debug`, in whatever order they stood.
struct Request {
  enum class What { none, remote, prepare, close } what = What::none;
  bool pause = false;
  std::string medium;  // serial, unix, namedpipe, tcp
  std::vector<std::string> values;
};

Expected<Request> read_request(const CommandLine& line) {
  Request request;
  for (std::size_t i = 0; i < line.arguments(); ++i) {
    const Token& word = line.argument(i);
    if (word.is("remote")) {
      request.what = Request::What::remote;
    } else if (word.is("prepare")) {
      request.what = Request::What::prepare;
    } else if (word.is("close")) {
      request.what = Request::What::close;
    } else if (word.is("pause")) {
      request.pause = true;
    } else if (request.medium.empty() &&
               (word.is("serial") || word.is("unix") || word.is("namedpipe") || word.is("tcp"))) {
      request.medium = to_lower(word.text);
    } else {
      request.values.push_back(word.text);
    }
  }
  const std::size_t wanted = request.medium.empty() ? 0 : request.medium == "serial" ? 2 : 1;
  const bool closes = request.what == Request::What::close;
  if (request.what == Request::What::none || request.values.size() != wanted || closes != request.medium.empty())
    return incorrect_use(line);
  return request;
}

Expected<unsigned> read_baud(const std::string& text) {
  unsigned baud = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), baud, 10);
  if (error == std::errc{} && end == text.data() + text.size() && is_documented_baud(baud)) return baud;
  return fail("err, the baud rate '{}' is invalid; use 115200, or another of the usual rates, in decimal (c0000012)",
              text);
}

std::string device_path(const std::string& port) {
  const auto number = port.size() == 4 && to_lower(port).starts_with("com") ? port[3] - '1' : -1;
  return number >= 0 && number <= 3 ? fmt::format("/dev/ttyS{}", number) : port;
}

Expected<std::unique_ptr<Transport>> connect(const Request& request) {
  if (request.medium != "tcp") return connect_unix(request.values[0]);
  const auto mark = request.values[0].rfind(':');
  if (mark == std::string::npos) return fail("err, '{}' is not HOST:PORT", request.values[0]);
  return connect_tcp(request.values[0].substr(0, mark), request.values[0].substr(mark + 1));
}

Expected<std::unique_ptr<Transport>> open_transport(const Request& request) {
  if (request.medium == "serial")
    return open_serial(device_path(request.values[1]), TRY_EXPECTED(read_baud(request.values[0])));
  auto transport = connect(request);
  if (!transport) return fail("{}. is the virtual machine running?", transport.error().message);
  return transport;
}

std::string release_of(const hyperdbg_hello_answer& hello) {
  return {hello.release, strnlen(hello.release, sizeof hello.release)};
}

Expected<void> remote(Console& console, const Request& request) {
  Session& session = console.session();
  if (session.has_target() || console.local)
    return fail("err, there is a session already; close it first ('.debug close', '.disconnect')");
  auto transport = TRY_EXPECTED(open_transport(request));
  console.print("waiting for debuggee to connect...\n");
  session.on_attached = [&console](const hyperdbg_hello_answer& hello) {
    console.print("connected to debuggee {}\ngetting symbol details...\n", release_of(hello));
  };
  auto connection = std::make_unique<Connection>(std::move(transport));
  TRY_EXPECTED(session.attach(std::move(connection), request.pause ? OnAttach::halt : OnAttach::leave_as_it_is));
  if (session.state() == SessionState::running)
    console.print("press CTRL+C to pause the debuggee\ndebuggee is running...\n");
  return {};
}

Expected<void> prepare(Console& console, const Request& request) {
  if (console.session().has_target())
    return fail("err, there is a session already; close it first ('.debug close', '.disconnect')");
  if (request.medium != "serial") return fail("err, a debuggee is prepared with 'serial BAUD com1|com2'");
  const unsigned baud = TRY_EXPECTED(read_baud(request.values[0]));
  const auto port = find_serial_port(request.values[1]);
  if (!port) return fail("err, the serial port '{}' is invalid; use com1 or com2 (c0000013)", request.values[1]);
  hyperdbg_start start = TRY_EXPECTED(make_start(HYPERDBG_MODE_DEBUGGER));
  start.uart = port->io_port;
  start.irq = port->irq;
  start.baud = baud;
  start.flags = request.pause ? HYPERDBG_START_HALTED : 0;
  TRY_EXPECTED(open_device_and_start(console, start));
  console.debuggee = true;
  console.print("the operation was successful\n");
  return {};
}

Expected<void> close(Console& console) {
  if (console.debuggee) {
    console.print("unloading debugger vmm module on debuggee...\n");
    return stop_vmm(console, false);
  }
  if (!console.session().has_target()) return fail("err, you're not connected to any instance of HyperDbg");
  console.session().detach();
  console.print("the session is closed; the debuggee runs on\n");
  return {};
}

Expected<void> run(Console& console, const CommandLine& line) {
  const Request request = TRY_EXPECTED(read_request(line));
  switch (request.what) {
    case Request::What::remote:
      return remote(console, request);
    case Request::What::prepare:
      return prepare(console, request);
    default:
      return close(console);
  }
}

}  // namespace

const Command debug_command{
    .name = ".debug",
    .aliases = "debug",
    .summary = "debugs another machine as a whole (Debugger Mode)",
    .syntax =
        ".debug remote serial BAUD /dev/ttyX [pause]\n.debug remote unix|namedpipe PATH [pause]\n.debug remote tcp "
        "HOST:PORT "
        "[pause]\n.debug prepare serial BAUD com1|com2 [pause]     # on the debuggee\n.debug close",
    .examples =
        ".debug remote serial 115200 /dev/ttyUSB0\n.debug remote unix /tmp/debuggee.sock pause\n.debug prepare serial "
        "115200 com2\n.debug close",
    .run = run,
    .while_running = WhileRunning::allowed,
    .details =
        "The debugger is started first ('remote', it waits), then the debuggee ('prepare'). A virtual machine's "
        "serial\n"
        "port is a unix socket or a TCP port. With 'pause' the debuggee halts as soon as it is connected.",
};

}  // namespace hyperdbg
