// SPDX-License-Identifier: MIT
#include "lab/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

namespace hyperdbg::lab {
namespace {

struct Ends {
  Descriptor ours, theirs;
};

Expected<Ends> make_pipe(bool child_reads) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail("cannot make a pipe: {}", strerror(errno));
  return Ends{Descriptor(ends[child_reads ? 1 : 0]), Descriptor(ends[child_reads ? 0 : 1])};
}

int decode(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Between fork and exec: nothing that allocates.
[[noreturn]] void become(char* const* arguments, char* const* variables, int in, int out, pid_t parent,
                         bool own_session) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  if (own_session) setsid();
  signal(SIGINT, SIG_DFL);
  signal(SIGPIPE, SIG_DFL);
  if (in >= 0) dup2(in, 0);
  if (out >= 0) {
    dup2(out, 1);
    dup2(out, 2);
  }
  for (; *variables != nullptr; variables++) putenv(*variables);
  execvp(arguments[0], arguments);
  _exit(127);
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (const std::string& string : strings) result.push_back(const_cast<char*>(string.c_str()));
  result.push_back(nullptr);
  return result;
}

Expected<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return fail("the path {} is too long for a socket", path);
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return address;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

Descriptor::~Descriptor() {
  if (descriptor_ >= 0) close(descriptor_);
}

Expected<void> write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && (errno == EAGAIN || errno == EINTR)) {
      pollfd ready{descriptor, POLLOUT, 0};
      if (poll(&ready, 1, 10000) == 0) return fail("nobody takes what is sent");
      continue;
    }
    if (written < 0) return fail("cannot send: {}", strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Expected<Descriptor> connect_socket(const std::string& path) {
  const sockaddr_un address = TRY_EXPECTED(address_of(path));
  Descriptor descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(descriptor.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return fail("cannot connect to {}: {}", path, strerror(errno));
  }
  return descriptor;
}

Expected<Descriptor> listen_on_socket(const std::string& path) {
  const sockaddr_un address = TRY_EXPECTED(address_of(path));
  Descriptor descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (bind(descriptor.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(descriptor.get(), 1) != 0) {
    return fail("cannot listen on {}: {}", path, strerror(errno));
  }
  return descriptor;
}

Expected<Process> Process::start(const ProcessOptions& options) {
  Ends in, out;
  if (options.pipes) {
    in = TRY_EXPECTED(make_pipe(true));
    out = TRY_EXPECTED(make_pipe(false));
  } else if (!options.log.empty()) {
    in.theirs = Descriptor(open("/dev/null", O_RDONLY | O_CLOEXEC));
    out.theirs = Descriptor(open(options.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (!out.theirs.is_open()) return fail("cannot write {}: {}", options.log, strerror(errno));
  }
  const std::vector<char*> arguments = pointers(options.arguments);
  const std::vector<char*> variables = pointers(options.environment);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return fail("cannot start {}: {}", options.arguments[0], strerror(errno));
  if (pid == 0)
    become(arguments.data(), variables.data(), in.theirs.get(), out.theirs.get(), parent, options.own_session);
  Process process(pid);
  process.input_ = std::move(in.ours);
  process.output_ = std::move(out.ours);
  return process;
}

Process::Process(Process&& other) noexcept {
  *this = std::move(other);
}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    end();
    pid_ = std::exchange(other.pid_, -1);
    status_ = other.status_;
    input_ = std::move(other.input_);
    output_ = std::move(other.output_);
  }
  return *this;
}

Process::~Process() {
  end();
}

std::optional<int> Process::status() {
  int status = 0;
  if (!status_ && pid_ > 0 && waitpid(pid_, &status, WNOHANG) == pid_) status_ = decode(status);
  return status_;
}

int Process::wait() {
  int status = 0;
  while (!status_ && pid_ > 0) {
    if (waitpid(pid_, &status, 0) == pid_) status_ = decode(status);
  }
  return status_.value_or(0);
}

void Process::end() {
  if (pid_ <= 0 || status()) return;
  ::kill(pid_, SIGTERM);
  for (int i = 0; i < 200 && !status(); i++) usleep(10000);
  kill();
}

void Process::kill() {
  if (pid_ <= 0 || status()) return;
  ::kill(pid_, SIGKILL);
  wait();
}

}  // namespace hyperdbg::lab
