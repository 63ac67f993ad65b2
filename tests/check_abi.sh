#!/bin/bash
# SPDX-License-Identifier: MIT
# HYPERDBG_ABI is a digest of the folder abi/, so that programs built from different headers refuse each other although
# their version is the same. `tests/check_abi.sh --update` writes it after a change.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

line='#define HYPERDBG_ABI '
digest=0x$(LC_ALL=C cat abi/*.h | grep -v "^$line" | sha256sum | cut -c 1-8)
if [ "${1:-}" = --update ]; then
  sed -i "s/^$line.*/$line$digest/" abi/version.h
elif ! grep -qx "$line$digest" abi/version.h; then
  echo "abi/ has changed and HYPERDBG_ABI in abi/version.h has not: tests/check_abi.sh --update"
  exit 1
fi
