#!/bin/bash
# SPDX-License-Identifier: MIT
# What compiles no script starts without the compiler: which libraries are loaded, and how much the loader relocates. LLVM's
# own relocations alone would be 340000. Counts, because times depend on the machine.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

hyperdbg=build/release/bin/hyperdbg
most_libraries=20
most_relocations=20000
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
bad=0

complain() {
  echo "$1"
  bad=1
}

# loaded WORD...: the libraries that the loader opened for it, one a line.
loaded() { LD_DEBUG=files "$hyperdbg" "$@" 2>&1 >/dev/null | sed -n 's/.*calling init: //p'; }

# relocated WORD...: all relocations until the program starts.
relocated() {
  LD_DEBUG=statistics "$hyperdbg" "$@" 2>&1 >/dev/null |
    awk '/startup/ { first = 1 } first && /number of rel/ { sum += $NF } /relative/ { exit } END { print sum }'
}

echo 'print(1);' >"$scratch/one.ds"
for words in "--version" "--help" "script check $scratch/one.ds"; do
  # shellcheck disable=SC2086
  libraries=$(loaded $words)
  grep -Eq 'LLVM|hyperdbg-compiler' <<<"$libraries" && complain "hyperdbg $words loads the compiler"
  [ "$(wc -l <<<"$libraries")" -le $most_libraries ] || complain "hyperdbg $words loads too much: $libraries"
  # shellcheck disable=SC2086
  count=$(relocated $words)
  [ "$count" -gt 0 ] && [ "$count" -le $most_relocations ] || complain "hyperdbg $words: $count relocations"
done
# The control: what does compile opens it.
loaded script run "$scratch/one.ds" | grep -q hyperdbg-compiler || complain "hyperdbg script run does not load the compiler"
exit $bad
