// SPDX-License-Identifier: MIT
#include "session/transport.hpp"

#include <asm/termbits.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace hyperdbg {
namespace {

constexpr std::array documented_bauds{110u,   300u,   600u,   1200u,  2400u,   4800u,   9600u,  14400u,
                                      19200u, 38400u, 56000u, 57600u, 115200u, 128000u, 256000u};

class DescriptorTransport final : public Transport {
 public:
  explicit DescriptorTransport(int descriptor) : descriptor_(descriptor) {
    fcntl(descriptor_, F_SETFL, fcntl(descriptor_, F_GETFL) | O_NONBLOCK);
    fcntl(descriptor_, F_SETFD, FD_CLOEXEC);
  }
  ~DescriptorTransport() override { close(descriptor_); }

  Expected<void> send(ByteView bytes) override {
    while (!bytes.empty()) {
      const ssize_t sent = is_socket_ ? ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL)
                                      : write(descriptor_, bytes.data(), bytes.size());
      if (sent > 0) {
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
      } else if (errno == ENOTSOCK) {
        is_socket_ = false;
      } else if (errno == EAGAIN) {
        if (!wait_for(POLLOUT, send_patience))
          return fail("the line takes no more bytes (flow control, or nobody reads)");
      } else if (errno != EINTR) {
        return closed(std::strerror(errno));
      }
    }
    return {};
  }

  Expected<std::size_t> receive(std::uint8_t* bytes, std::size_t capacity) override {
    const ssize_t got = read(descriptor_, bytes, capacity);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0) return is_tty() ? Expected<std::size_t>(0) : closed("end of file");
    if (errno == EAGAIN || errno == EINTR) return 0;
    return closed(std::strerror(errno));
  }

  void wait(std::chrono::milliseconds timeout) override { wait_for(POLLIN, timeout); }
  int descriptor() const override { return descriptor_; }

 private:
  static constexpr std::chrono::milliseconds send_patience{5000};

  static std::unexpected<Error> closed(const char* why) {
    return fail_with(ErrorKind::disconnected, "err, the remote connection is closed ({})", why);
  }
  bool is_tty() const { return isatty(descriptor_) != 0; }
  bool wait_for(short events, std::chrono::milliseconds timeout) const {
    pollfd entry{descriptor_, events, 0};
    return poll(&entry, 1, static_cast<int>(timeout.count())) > 0;
  }

  int descriptor_;
  bool is_socket_ = true;
};

void make_raw(termios2& settings, unsigned baud) {
  settings.c_iflag = 0;
  settings.c_oflag = 0;
  settings.c_lflag = 0;
  settings.c_cflag = CS8 | CREAD | CLOCAL | BOTHER;
  settings.c_cc[VMIN] = 0;
  settings.c_cc[VTIME] = 0;
  // BOTHER takes any rate, also those without a B... constant.
  settings.c_ispeed = settings.c_ospeed = baud;
}

}  // namespace

bool is_documented_baud(unsigned baud) {
  return std::ranges::find(documented_bauds, baud) != documented_bauds.end();
}

std::unique_ptr<Transport> adopt_descriptor(int descriptor) {
  return std::make_unique<DescriptorTransport>(descriptor);
}

Expected<std::unique_ptr<Transport>> open_serial(const std::string& path, unsigned baud) {
  const int descriptor = open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return fail("err, cannot open the serial port '{}': {}", path, std::strerror(errno));
  auto transport = adopt_descriptor(descriptor);
  termios2 settings{};
  if (ioctl(descriptor, TCGETS2, &settings) != 0) return fail("err, '{}' is not a serial port", path);
  make_raw(settings, baud);
  if (ioctl(descriptor, TCSETS2, &settings) != 0)
    return fail("err, '{}' does not take {} baud: {}", path, baud, std::strerror(errno));
  ioctl(descriptor, TIOCEXCL);
  return transport;
}

Expected<std::unique_ptr<Transport>> connect_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return fail("err, the path '{}' is too long for a socket", path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return fail("err, cannot create a socket: {}", std::strerror(errno));
  auto transport = adopt_descriptor(descriptor);
  if (connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return fail("err, cannot connect to '{}': {}", path, std::strerror(errno));
  return transport;
}

Expected<std::unique_ptr<Transport>> connect_tcp(const std::string& host, const std::string& port) {
  // getaddrinfo() takes larger ones, and forgets their upper bits.
  if (port.find_first_not_of("0123456789") == port.npos &&
      (port.empty() || port.size() > 5 || std::stoul(port) > 0xffff))
    return fail("err, '{}' is no TCP port; ports are 0 to 65535", port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0)
    return fail("err, cannot resolve '{}:{}': {}", host, port, gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  int error = 0;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    const int descriptor = socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
    if (descriptor < 0) continue;
    if (connect(descriptor, one->ai_addr, one->ai_addrlen) == 0) {
      const int on = 1;
      setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return adopt_descriptor(descriptor);
    }
    error = errno;
    close(descriptor);
  }
  return fail("err, cannot connect to {}:{}: {}", host, port, std::strerror(error));
}

}  // namespace hyperdbg
