#!/bin/bash
# SPDX-License-Identifier: MIT
# clang-tidy over what runs in the image, as freestanding C++20. User mode is left out: Debian 12's clang-tidy cannot read
# std::expected of GCC 12's library.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

sources=$(git ls-files 'hypervisor/*.cpp' 'x86/decoder.cpp' 'base/*.cpp' | grep -v -e '_test\.cpp$' -e 'fixture\.cpp$')
check() {
  clang-tidy --quiet "$1" -- -std=c++20 -I. -ffreestanding -fno-exceptions -fno-rtti 2>/dev/null
}
export -f check
echo "$sources" | xargs -P "$(nproc)" -I{} bash -c 'check {}'
