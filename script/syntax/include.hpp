// SPDX-License-Identifier: MIT
#pragma once
#include <expected>
#include <string>
#include <string_view>

namespace hyperdbg::script {

struct IncludedFile {
  std::string path;
  std::string text;  // what `? { ... }` wraps is laid bare, at the same place
};

// The file of an #include: an absolute path, or one from `folder` (of the file that includes it), from the working
// folder, or from the folder of the program. The error is a sentence.
std::expected<IncludedFile, std::string> read_included(std::string_view path, std::string_view folder);

}  // namespace hyperdbg::script
