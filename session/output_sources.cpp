// SPDX-License-Identifier: MIT
#include "session/output_sources.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "session/transport.hpp"

namespace hyperdbg {
namespace {

constexpr std::size_t longest_name = 50;

// For the middle of a sentence.
std::string_view reason_of(const Error& error) {
  std::string_view message = error.message;
  if (message.starts_with("err, ")) message.remove_prefix(5);
  return message;
}

class StreamSink final : public OutputSink {
 public:
  explicit StreamSink(std::unique_ptr<Transport> transport) : transport_(std::move(transport)) {}
  Expected<void> write(std::string_view text) override { return transport_->send(view_of(text)); }

 private:
  std::unique_ptr<Transport> transport_;
};

class ModuleSink final : public OutputSink {
 public:
  using Function = void (*)(const char* buffer, unsigned length);
  ModuleSink(void* library, Function function) : library_(library), function_(function) {}
  ~ModuleSink() override { dlclose(library_); }
  Expected<void> write(std::string_view text) override {
    function_(text.data(), static_cast<unsigned>(text.size()));
    return {};
  }

 private:
  void* library_;
  Function function_;
};

using Sink = Expected<std::unique_ptr<OutputSink>>;

Sink stream(Expected<std::unique_ptr<Transport>> transport) {
  if (!transport) return std::unexpected(transport.error());
  return std::make_unique<StreamSink>(std::move(*transport));
}

Sink open_path(const std::string& path, int flags) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, 0600);
  if (descriptor < 0) return fail("cannot open '{}': {}", path, std::strerror(errno));
  return std::make_unique<StreamSink>(adopt_descriptor(descriptor));
}

Sink open_pipe(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0)
    return fail("there is no pipe '{}'; make one with 'mkfifo' and let somebody read it", path);
  if (S_ISSOCK(status.st_mode)) return stream(connect_unix(path));
  if (!S_ISFIFO(status.st_mode)) return fail("'{}' is neither a FIFO nor a unix socket", path);
  auto sink = open_path(path, O_NONBLOCK);  // blocking, it would wait for a reader
  if (!sink && errno == ENXIO) return fail("nobody reads the pipe '{}'", path);
  return sink;
}

Sink open_tcp(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == address.npos) return fail("'{}' is no address; write host:port", address);
  return stream(connect_tcp(address.substr(0, colon), address.substr(colon + 1)));
}

Sink open_module(const std::string& path) {
  // Without a slash dlopen() would look into the system's library folders only.
  void* library = dlopen((path.find('/') == path.npos ? "./" + path : path).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return fail("{}", dlerror());
  const auto function = reinterpret_cast<ModuleSink::Function>(dlsym(library, "hyperdbg_event_forwarding"));
  if (function != nullptr) return std::make_unique<ModuleSink>(library, function);
  dlclose(library);
  return fail("'{}' does not export hyperdbg_event_forwarding(const char* buffer, unsigned length)", path);
}

Sink open_sink(OutputKind kind, const std::string& address) {
  switch (kind) {
    case OutputKind::file:
      return open_path(address, O_CREAT | O_TRUNC);
    case OutputKind::pipe:
      return open_pipe(address);
    case OutputKind::tcp:
      return open_tcp(address);
    case OutputKind::module:
      return open_module(address);
  }
  return fail("unknown kind");
}

}  // namespace

std::size_t OutputSources::find(std::string_view name) const {
  const auto found = std::ranges::find(sources_, name, &OutputSource::name);
  return found == sources_.end() ? npos : static_cast<std::size_t>(found - sources_.begin());
}

Expected<OutputSource*> OutputSources::existing(const std::string& name) {
  const std::size_t index = find(name);
  if (index == npos) return fail("err, the name you entered, not found. Did you use 'output' command to create it?");
  return &sources_[index];
}

Expected<void> OutputSources::create(const std::string& name, OutputKind kind, const std::string& address) {
  if (name.size() > longest_name) return fail("err, the name of the output can be at most {} characters", longest_name);
  if (find(name) != npos)
    return fail("err, the name you entered, already exists, please choose another name ('{}')", name);
  sources_.push_back({name, kind, address});
  return {};
}

Expected<void> OutputSources::open(const std::string& name) {
  OutputSource& source = *TRY_EXPECTED(existing(name));
  if (source.state == OutputState::opened) return fail("err, output source '{}' already opened", name);
  if (source.state == OutputState::closed)
    return fail("err, output source '{}' already closed; create another name for the same address", name);
  auto sink = open_sink(source.kind, source.address);
  if (!sink) return fail("err, unable to open the output source '{}': {}", name, reason_of(sink.error()));
  source.sink = std::move(*sink);
  source.state = OutputState::opened;
  return {};
}

Expected<void> OutputSources::close(const std::string& name) {
  OutputSource& source = *TRY_EXPECTED(existing(name));
  if (source.state == OutputState::not_opened) return fail("err, output source '{}' is not opened", name);
  if (source.state == OutputState::closed) return fail("err, output source '{}' already closed", name);
  source.sink.reset();
  source.state = OutputState::closed;
  return {};
}

Expected<void> OutputSources::check(const std::vector<std::string>& names) const {
  for (const std::string& name : names) {
    const std::size_t index = find(name);
    if (index == npos)
      return fail("err, the name you entered, not found. Did you use 'output' command to create it? ('{}')", name);
    if (sources_[index].state == OutputState::closed) return fail("err, output source already closed ('{}')", name);
  }
  return {};
}

void OutputSources::bind(std::uint32_t event, const std::vector<std::string>& names) {
  std::vector<std::size_t> indices;
  for (const std::string& name : names) {
    const std::size_t index = find(name);
    if (index == npos) continue;
    if (sources_[index].state == OutputState::not_opened) {
      notice_(fmt::format(
          "some of the output sources are not opened; what the event prints is lost there until 'output open {}'",
          name));
    }
    indices.push_back(index);
  }
  if (!indices.empty()) bound_[event] = std::move(indices);
}

bool OutputSources::forward(std::uint32_t event, std::string_view text) {
  const auto found = bound_.find(event);
  if (found == bound_.end()) return false;
  for (const std::size_t index : found->second) {
    OutputSource& source = sources_[index];
    if (source.state != OutputState::opened) continue;
    const auto written = source.sink->write(text);
    if (written) continue;
    source.sink.reset();
    source.state = OutputState::closed;
    notice_(fmt::format("err, output source '{}' is closed: {}", source.name, reason_of(written.error())));
  }
  return true;
}

}  // namespace hyperdbg
