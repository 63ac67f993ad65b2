// SPDX-License-Identifier: MIT
#pragma once
#include <string_view>

#include "script/syntax/ast.hpp"
#include "script/syntax/diagnostic.hpp"

namespace hyperdbg::script {

// The tree of a script, names not looked up yet. After a mistake it goes on with the next statement; what stands in
// the tree then is only good for finding further mistakes.
// `debuggee` knows the debuggee's types and may be null; `folder` is where #include looks first.
Program parse(std::string_view text, std::string_view folder, ForeignTypes* debuggee, Diagnostics& diagnostics);

}  // namespace hyperdbg::script
