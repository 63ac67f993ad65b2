// SPDX-License-Identifier: MIT
#include "session/status_text.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>

#include "abi/status.h"

namespace hyperdbg {
namespace {

TEST(StatusText, has_a_sentence_of_its_own_for_every_code) {
  std::set<std::string_view> texts;
  const std::string_view unknown = status_text(0);
  for (std::uint32_t low : {0x04,  0x05,  0x06,  0x0b,  0x0e,  0x0f,  0x1e,  0x3a,  0x50,  0x51,  0x101,
                            0x102, 0x103, 0x104, 0x105, 0x106, 0x107, 0x108, 0x109, 0x10a, 0x140, 0x141})
    EXPECT_NE(status_text(0xc0000000 + low), unknown) << std::hex << low;
  for (std::uint32_t code :
       {HYPERDBG_REGULAR_EVENT_NOT_FOUND, HYPERDBG_BIG_EVENT_NOT_FOUND, HYPERDBG_EVENT_TOO_BIG, HYPERDBG_ACTION_TOO_BIG,
        HYPERDBG_REGULAR_ACTION_NOT_FOUND, HYPERDBG_BIG_ACTION_NOT_FOUND, HYPERDBG_BUFFER_TOO_BIG})
    EXPECT_TRUE(texts.insert(status_text(code)).second) << std::hex << code;
  EXPECT_EQ(status_error(HYPERDBG_READ_ONLY_REGISTER).message, "err, the register cannot be changed (c0000108)");
}

TEST(StatusText, names_the_remedy_when_starting_fails) {
  hyperdbg_start start{};
  for (std::uint32_t error = HYPERDBG_START_NO_VIRTUALIZATION; error <= HYPERDBG_START_UNSUPPORTED; ++error) {
    start.error = error;
    EXPECT_GT(start_error(start, EIO).message.size(), 20u) << error;
  }
  start.error = HYPERDBG_START_OK;
  EXPECT_NE(start_error(start, EPERM).message.find("root"), std::string::npos);
}

}  // namespace
}  // namespace hyperdbg
