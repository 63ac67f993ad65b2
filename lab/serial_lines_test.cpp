// SPDX-License-Identifier: MIT
#include "lab/serial_lines.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

namespace hyperdbg::lab {
namespace {

class Lines : public testing::Test {
 protected:
  Lines() : directory_(mkdtemp(name_)), lines_(SerialLines::start(directory_, {"console", "shell"})) {}
  ~Lines() override { std::filesystem::remove_all(directory_); }

  // As the emulator does.
  Descriptor connect_emulator(unsigned port) {
    Descriptor descriptor(socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(descriptor.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    return descriptor;
  }

  Descriptor client(const char* name) { return std::move(*connect_socket(directory_ / name)); }

  static std::string receive(const Descriptor& from, std::size_t count) {
    std::string text(count, '\0');
    for (std::size_t got = 0; got < count;) {
      pollfd ready{from.get(), POLLIN, 0};
      if (poll(&ready, 1, 10000) != 1) return "nothing came";
      const ssize_t more = read(from.get(), text.data() + got, count - got);
      if (more <= 0) return "the end came";
      got += static_cast<std::size_t>(more);
    }
    return text;
  }

  char name_[32] = "/tmp/serial_lines_test.XXXXXX";
  std::filesystem::path directory_;
  Expected<SerialLines> lines_;
};

TEST_F(Lines, CarryBytesBothWaysAndApart) {
  ASSERT_TRUE(lines_) << lines_.error().message;
  const Descriptor console = connect_emulator(lines_->ports()[0]);
  const Descriptor shell = connect_emulator(lines_->ports()[1]);
  const Descriptor console_client = client("console"), shell_client = client("shell");
  ASSERT_TRUE(write_all(shell_client.get(), "question"));
  EXPECT_EQ(receive(shell, 8), "question");
  ASSERT_TRUE(write_all(shell.get(), "answer"));
  EXPECT_EQ(receive(shell_client, 6), "answer");
  ASSERT_TRUE(write_all(console_client.get(), std::string(300000, 'x')));
  EXPECT_EQ(receive(console, 300000), std::string(300000, 'x'));
}

TEST_F(Lines, OutliveTheirClients) {
  ASSERT_TRUE(lines_) << lines_.error().message;
  const Descriptor console = connect_emulator(lines_->ports()[0]);
  {
    const Descriptor first = client("console");
    ASSERT_TRUE(write_all(first.get(), "1"));
    EXPECT_EQ(receive(console, 1), "1");
  }
  const Descriptor second = client("console");
  ASSERT_TRUE(write_all(second.get(), "2"));
  EXPECT_EQ(receive(console, 1), "2");
  ASSERT_TRUE(write_all(console.get(), "3"));
  EXPECT_EQ(receive(second, 1), "3");
}

TEST_F(Lines, WhatAClientSaysBeforeTheEmulatorIsThereWaits) {
  ASSERT_TRUE(lines_) << lines_.error().message;
  const Descriptor early = client("shell");
  ASSERT_TRUE(write_all(early.get(), "early"));
  const Descriptor shell = connect_emulator(lines_->ports()[1]);
  EXPECT_EQ(receive(shell, 5), "early");
}

}  // namespace
}  // namespace hyperdbg::lab
