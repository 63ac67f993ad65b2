// SPDX-License-Identifier: MIT
#include "lab/serial_lines.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hyperdbg::lab {
namespace {

constexpr std::size_t most_waiting = 1 << 20;  // bytes that one end has not taken yet

struct Listener {
  Descriptor descriptor;
  unsigned port;
};

Expected<Listener> listen_on_loopback() {
  Descriptor descriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(descriptor.get(), generic, size) != 0 || listen(descriptor.get(), 1) != 0 ||
      getsockname(descriptor.get(), generic, &size) != 0) {
    return fail("cannot listen on the loopback interface: {}", strerror(errno));
  }
  return Listener{std::move(descriptor), ntohs(address.sin_port)};
}

class Line {
 public:
  Line(Descriptor emulator_listener, Descriptor client_listener)
      : emulator_listener_(std::move(emulator_listener)), client_listener_(std::move(client_listener)) {}

  void watch(std::vector<pollfd>& all) const {
    const auto events = [](const std::string& to_it) {
      return static_cast<short>(to_it.empty() ? POLLIN : POLLIN | POLLOUT);
    };
    all.push_back({emulator_.is_open() ? emulator_.get() : emulator_listener_.get(), events(to_emulator_), 0});
    all.push_back({client_.is_open() ? -1 : client_listener_.get(), POLLIN, 0});
    // A client that sends more than the guest takes has to wait.
    const bool full = to_emulator_.size() >= most_waiting;
    all.push_back({full ? -1 : client_.get(), events(to_client_), 0});
  }

  void serve(const pollfd* ready) {
    if (ready[0].revents) emulator_.is_open() ? from_emulator() : accept_emulator();
    if (ready[1].revents) client_ = take(client_listener_);
    if (ready[2].revents) from_client();
    send(emulator_, to_emulator_);
    send(client_, to_client_);
  }

 private:
  static Descriptor take(const Descriptor& listener) {
    return Descriptor(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  }

  void accept_emulator() {
    emulator_ = take(emulator_listener_);
    if (!emulator_.is_open()) return;
    emulator_listener_ = Descriptor();
    const int on = 1;
    setsockopt(emulator_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }

  // False when the other end is gone.
  static bool receive(const Descriptor& from, std::string& into) {
    char buffer[4096];
    const ssize_t count = read(from.get(), buffer, sizeof(buffer));
    if (count > 0) into.append(buffer, static_cast<std::size_t>(count));
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
  }

  void from_emulator() {
    std::string bytes;
    if (!receive(emulator_, bytes)) emulator_ = Descriptor();
    if (client_.is_open() && to_client_.size() < most_waiting) to_client_ += bytes;
  }

  void from_client() {
    if (receive(client_, to_emulator_)) return;
    client_ = Descriptor();
    to_client_.clear();
  }

  static void send(const Descriptor& to, std::string& bytes) {
    if (!to.is_open() || bytes.empty()) return;
    const ssize_t count = ::send(to.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count > 0) bytes.erase(0, static_cast<std::size_t>(count));
  }

  Descriptor emulator_listener_, client_listener_, emulator_, client_;
  std::string to_emulator_, to_client_;
};

void serve(std::vector<Line> lines, int stop) {
  for (;;) {
    std::vector<pollfd> all{{stop, POLLIN, 0}};
    for (const Line& line : lines) line.watch(all);
    if (poll(all.data(), all.size(), -1) < 0) continue;
    if (all[0].revents) return;
    for (std::size_t i = 0; i < lines.size(); i++) lines[i].serve(&all[1 + 3 * i]);
  }
}

}  // namespace

Expected<SerialLines> SerialLines::start(const std::filesystem::path& directory,
                                         const std::vector<std::string>& names) {
  SerialLines result;
  std::vector<Line> lines;
  for (const std::string& name : names) {
    Listener emulator = TRY_EXPECTED(listen_on_loopback());
    result.ports_.push_back(emulator.port);
    lines.emplace_back(std::move(emulator.descriptor), TRY_EXPECTED(listen_on_socket(directory / name)));
  }
  result.stop_ = Descriptor(eventfd(0, EFD_CLOEXEC));
  result.thread_ = std::thread(serve, std::move(lines), result.stop_.get());
  return result;
}

SerialLines::~SerialLines() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  (void)!write(stop_.get(), &one, sizeof(one));
  thread_.join();
}

}  // namespace hyperdbg::lab
