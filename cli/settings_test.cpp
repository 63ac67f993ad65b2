// SPDX-License-Identifier: MIT
#include "cli/settings.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace hyperdbg {
namespace {

struct SettingsTest : testing::Test {
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("hyperdbg-settings-" + std::to_string(getpid()));
  std::filesystem::path file = folder / "new/settings.json";
  ~SettingsTest() override { std::filesystem::remove_all(folder); }

  Settings load() const {
    Settings settings;
    load_settings(settings, file);
    return settings;
  }
};

TEST_F(SettingsTest, come_back_as_they_were_saved) {
  Settings settings;
  settings.syntax = Syntax::att;
  settings.auto_flush = true;
  settings.auto_unpause = false;
  settings.address_conversion = false;
  ASSERT_TRUE(save_settings(settings, file));
  const Settings loaded = load();
  EXPECT_EQ(loaded.syntax, Syntax::att);
  EXPECT_TRUE(loaded.auto_flush);
  EXPECT_FALSE(loaded.auto_unpause);
  EXPECT_FALSE(loaded.address_conversion);
}

TEST_F(SettingsTest, a_damaged_file_leaves_the_defaults) {
  EXPECT_TRUE(load().auto_unpause);  // no file at all
  std::filesystem::create_directories(file.parent_path());
  for (const char* text : {"", "{", "[1]", R"({"syntax":7,"autounpause":"perhaps","unknown":"on"})"}) {
    std::ofstream(file) << text;
    EXPECT_EQ(load().syntax, Syntax::intel) << text;
    EXPECT_TRUE(load().auto_unpause) << text;
  }
}

TEST_F(SettingsTest, what_cannot_be_saved_is_told) {
  std::ofstream(folder.string()) << "a file where a folder should be";
  const auto saved = save_settings(Settings{}, file);
  ASSERT_FALSE(saved);
  EXPECT_NE(saved.error().message.find("settings.json"), std::string::npos);
}

}  // namespace
}  // namespace hyperdbg
