// SPDX-License-Identifier: MIT
#pragma once

namespace hyperdbg::lab {

// Joins the user's terminal and a socket, both ways, until either end closes or Ctrl+] is typed.
void bridge_terminal(int socket);

}  // namespace hyperdbg::lab
