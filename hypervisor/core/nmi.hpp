// SPDX-License-Identifier: MIT
#pragma once

namespace hyperdbg {

struct Vcpu;

// An NMI ended the guest's run: a stop of ours, the debugger's UART, or one that is the guest's own. True for the last.
bool take_nmi(Vcpu& vcpu);

}  // namespace hyperdbg
