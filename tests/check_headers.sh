#!/bin/bash
# SPDX-License-Identifier: MIT
# Every header compiles alone: whoever includes it needs to know nothing else. A source includes its own header first, so
# the build itself proves that for headers with a source; the others are compiled here.
set -euo pipefail
cd "$(dirname "$0")/.."
. lab/packages.sh

# As C++23 on the host; abi/ also as C, which the module and custom code are.
check() {
  local header=$1
  if ! echo "#include \"$header\"" | g++ -std=gnu++23 -fsyntax-only -Wall -Wextra -I. $(llvm-config-19 --cppflags 2>/dev/null) -x c++ - 2>"$work/$2"; then
    echo "$header does not compile alone:" && head -n 8 "$work/$2"
    return 1
  fi
  case $header in
    abi/*) echo "#include \"$header\"" | gcc -std=gnu17 -fsyntax-only -Wall -I. -x c - ;;
  esac
}
export -f check
work=$(mktemp -d)
export work
trap 'rm -rf "$work"' EXIT
bad=0
alone=()
while read -r header; do
  source=${header%.h*}.cpp
  if [ ! -f "$source" ]; then
    alone+=("$header")
  elif [ "$(grep -m 1 -oE '^#include .*' "$source")" != "#include \"$header\"" ]; then
    echo "$source does not include its own header first" && bad=1
  fi
done < <(git ls-files -co --exclude-standard '*.hpp' '*.h' ':!module' ':!lab/probe_module/internal.h' | sort)
# The module's own headers need the kernel's; the module's build compiles them.
printf '%s\n' "${alone[@]}" | awk '{ print $0, NR }' | xargs -P "$(nproc)" -L 1 bash -c 'check "$0" "$1"' || bad=1
exit $bad
