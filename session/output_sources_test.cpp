// SPDX-License-Identifier: MIT
#include "session/output_sources.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace hyperdbg {
namespace {

struct OutputSourcesTest : testing::Test {
  OutputSourcesTest() {
    char name[] = "/tmp/hyperdbg-output.XXXXXX";
    directory = mkdtemp(name);
  }
  ~OutputSourcesTest() override { std::filesystem::remove_all(directory); }

  std::string path(const char* name) const { return directory / name; }
  static std::string content(const std::string& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static std::string taken_from(int descriptor) {
    char buffer[100];
    const ssize_t count = read(descriptor, buffer, sizeof buffer);
    return {buffer, count < 0 ? 0 : static_cast<std::size_t>(count)};
  }
  std::string error_of(const Expected<void>& result) const { return result ? "no error" : result.error().message; }

  std::filesystem::path directory;
  std::vector<std::string> notices;
  OutputSources outputs{[this](std::string_view line) { notices.emplace_back(line); }};
};

TEST_F(OutputSourcesTest, an_event_without_outputs_is_not_forwarded) {
  EXPECT_FALSE(outputs.forward(0, "text"));
}

TEST_F(OutputSourcesTest, several_outputs_get_each_message_and_other_events_none) {
  std::vector<std::string> names;
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) {
    ASSERT_TRUE(outputs.create(name, OutputKind::file, path(name)));
    ASSERT_TRUE(outputs.open(name));
    names.emplace_back(name);
  }
  outputs.bind(7, names);
  EXPECT_TRUE(outputs.forward(7, "one\n"));
  EXPECT_TRUE(outputs.forward(7, "two\n"));
  EXPECT_FALSE(outputs.forward(8, "other\n"));
  for (const std::string& name : names) EXPECT_EQ(content(path(name.c_str())), "one\ntwo\n");
  outputs.unbind_all();
  EXPECT_FALSE(outputs.forward(7, "three\n"));
  EXPECT_TRUE(notices.empty());
}

TEST_F(OutputSourcesTest, states_go_one_way) {
  EXPECT_NE(error_of(outputs.open("x")).find("not found"), std::string::npos);
  ASSERT_TRUE(outputs.create("x", OutputKind::file, path("x")));
  EXPECT_NE(error_of(outputs.create("x", OutputKind::tcp, "h:1")).find("already exists"), std::string::npos);
  EXPECT_NE(error_of(outputs.close("x")).find("not opened"), std::string::npos);
  ASSERT_TRUE(outputs.open("x"));
  EXPECT_NE(error_of(outputs.open("x")).find("already opened"), std::string::npos);
  EXPECT_TRUE(outputs.check({"x"}));
  ASSERT_TRUE(outputs.close("x"));
  EXPECT_NE(error_of(outputs.open("x")).find("already closed"), std::string::npos);
  EXPECT_NE(error_of(outputs.check({"x"})).find("err, output source already closed"), std::string::npos);
  EXPECT_NE(error_of(outputs.check({"y"})).find("Did you use 'output' command"), std::string::npos);
  EXPECT_NE(error_of(outputs.create(std::string(51, 'n'), OutputKind::file, "p")).find("at most 50"),
            std::string::npos);
}

TEST_F(OutputSourcesTest, what_is_opened_later_gets_what_comes_later) {
  ASSERT_TRUE(outputs.create("x", OutputKind::file, path("x")));
  outputs.bind(0, {"x"});
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_NE(notices[0].find("output open x"), std::string::npos);
  EXPECT_TRUE(outputs.forward(0, "lost"));
  ASSERT_TRUE(outputs.open("x"));
  EXPECT_TRUE(outputs.forward(0, "kept"));
  EXPECT_EQ(content(path("x")), "kept");
}

TEST_F(OutputSourcesTest, a_fifo_needs_a_reader) {
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  ASSERT_TRUE(outputs.create("x", OutputKind::pipe, path("fifo")));
  EXPECT_NE(error_of(outputs.open("x")).find("nobody reads the pipe"), std::string::npos);
  const int reader = open(path("fifo").c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_TRUE(outputs.open("x"));
  outputs.bind(0, {"x"});
  EXPECT_TRUE(outputs.forward(0, "text"));
  EXPECT_EQ(taken_from(reader), "text");
  close(reader);
}

TEST_F(OutputSourcesTest, a_unix_socket_whose_listener_goes_away_is_closed_and_told) {
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path("socket").c_str());
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  ASSERT_TRUE(outputs.create("x", OutputKind::pipe, path("socket")));
  ASSERT_TRUE(outputs.open("x"));
  const int peer = accept(listener, nullptr, nullptr);
  outputs.bind(0, {"x"});
  EXPECT_TRUE(outputs.forward(0, "text"));
  EXPECT_EQ(taken_from(peer), "text");
  close(peer);
  close(listener);
  EXPECT_TRUE(outputs.forward(0, "gone"));
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_NE(notices[0].find("err, output source 'x' is closed: "), std::string::npos);
  EXPECT_EQ(outputs.list()[0].state, OutputState::closed);
  EXPECT_TRUE(outputs.forward(0, "gone again"));
  EXPECT_EQ(notices.size(), 1u);
}

TEST_F(OutputSourcesTest, tcp_connects) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ASSERT_TRUE(outputs.create("x", OutputKind::tcp, fmt::format("127.0.0.1:{}", ntohs(address.sin_port))));
  ASSERT_TRUE(outputs.open("x"));
  const int peer = accept(listener, nullptr, nullptr);
  outputs.bind(0, {"x"});
  EXPECT_TRUE(outputs.forward(0, "text"));
  EXPECT_EQ(taken_from(peer), "text");
  close(peer);
  close(listener);
  ASSERT_TRUE(outputs.create("y", OutputKind::tcp, "nowhere"));
  EXPECT_NE(error_of(outputs.open("y")).find("write host:port"), std::string::npos);
  ASSERT_TRUE(outputs.create("z", OutputKind::tcp, "127.0.0.1:99999"));
  EXPECT_NE(error_of(outputs.open("z")).find("'99999' is no TCP port"), std::string::npos);
}

TEST_F(OutputSourcesTest, a_module_gets_each_message) {
  setenv("OUTPUT_MODULE_FILE", path("seen").c_str(), 1);
  ASSERT_TRUE(outputs.create("x", OutputKind::module, OUTPUT_MODULE));
  ASSERT_TRUE(outputs.open("x")) << error_of(outputs.open("x"));
  outputs.bind(0, {"x"});
  EXPECT_TRUE(outputs.forward(0, "one"));
  EXPECT_TRUE(outputs.forward(0, "three"));
  EXPECT_EQ(content(path("seen")), "3:one5:three");
  ASSERT_TRUE(outputs.create("y", OutputKind::module, "/nonexistent.so"));
  EXPECT_NE(error_of(outputs.open("y")).find("/nonexistent.so"), std::string::npos);
}

}  // namespace
}  // namespace hyperdbg
