// SPDX-License-Identifier: MIT
#include "lab/process.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

namespace hyperdbg::lab {
namespace {

TEST(Process, SpeaksThroughPipes) {
  ProcessOptions options;
  options.arguments = {"sh", "-c", "read x; echo \"$y $x\"; exit 3"};
  options.environment = {"y=hello"};
  options.pipes = true;
  auto process = Process::start(options);
  ASSERT_TRUE(process);
  ASSERT_TRUE(write_all(process->input(), "you\n"));
  EXPECT_EQ(process->wait(), 3);
  char buffer[32];
  EXPECT_EQ(read(process->output(), buffer, sizeof(buffer)), 10);
  EXPECT_EQ(std::string(buffer, 10), "hello you\n");
}

TEST(Process, IsEndedWithItsOwner) {
  pid_t pid;
  {
    ProcessOptions options;
    options.arguments = {"sleep", "100"};
    auto process = Process::start(options);
    ASSERT_TRUE(process);
    pid = process->pid();
    EXPECT_FALSE(process->status());
  }
  EXPECT_EQ(kill(pid, 0), -1);
}

TEST(Process, AMissingProgramExitsWith127) {
  ProcessOptions options;
  options.arguments = {"/nonexistent/program"};
  auto process = Process::start(options);
  ASSERT_TRUE(process);
  EXPECT_EQ(process->wait(), 127);
}

TEST(Socket, ATooLongOrMissingPathIsAnError) {
  EXPECT_FALSE(connect_socket(std::string(200, 'x')));
  EXPECT_FALSE(connect_socket("/nonexistent/socket"));
}

}  // namespace
}  // namespace hyperdbg::lab
