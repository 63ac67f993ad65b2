#!/bin/bash
# SPDX-License-Identifier: MIT
# An include only points to a folder that stands lower: the table says what each folder may know beside itself.
set -euo pipefail
cd "$(dirname "$0")/.."

# folder: folders it may include. Tests beside a source may include what they like from their own folder and below.
table='
abi:
base: abi
x86: base abi
script/runtime: abi base x86 script
hypervisor/cpu: x86 base abi
hypervisor/memory: hypervisor/cpu x86 base abi
hypervisor/core: hypervisor/cpu hypervisor/memory hypervisor/events script/runtime x86 base abi
hypervisor/svm: hypervisor/core hypervisor/cpu hypervisor/memory hypervisor/events x86 base abi
hypervisor/vmx: hypervisor/core hypervisor/cpu hypervisor/memory hypervisor/events x86 base abi
hypervisor/events: hypervisor/core hypervisor/memory script/runtime x86 base abi
hypervisor/entry: hypervisor script/runtime x86 base abi
module: abi
symbols: base abi session/error.hpp
script: base abi session/error.hpp
assembler: base abi script
session: abi base x86 symbols script assembler
capi: abi base session
cli: session symbols script x86 base abi
lab: session base abi
bench: abi base x86 symbols script hypervisor session cli lab
tests: abi base x86 symbols script assembler hypervisor session cli lab
'

git ls-files -co --exclude-standard '*.hpp' '*.h' '*.cpp' '*.c' '*.S' | xargs grep -HoE '^ *# *include "[^"]+/[^"]+"' |
  sed -E 's/: *# *include "/ /; s/"$//' |
  awk -v table="$table" '
    BEGIN {
      count = split(table, rows, "\n")
      for (i = 1; i <= count; i++) {
        if (split(rows[i], parts, ":") < 2) continue
        known[parts[1]] = parts[2]
      }
    }
    # The longest row that the path lies in.
    function folder_of(path, name, best) {
      best = ""
      for (name in known) if (index(path, name "/") == 1 && length(name) > length(best)) best = name
      return best
    }
    # Above the backends nobody knows whose processor it is: only they, the assembler beneath them and the place that
    # picks one see a vendor.
    function vendors(folder) { return folder ~ /^(x86|hypervisor\/(cpu|svm|vmx|entry)|tests)$/ }
    function allowed(folder, path, words, n, i) {
      if (path ~ /^x86\/(svm|vmx)\// && !vendors(folder)) return 0
      if (index(path, folder "/") == 1) return 1
      n = split(known[folder], words, " ")
      for (i = 1; i <= n; i++) if (path == words[i] || index(path, words[i] "/") == 1) return 1
      return 0
    }
    {
      folder = folder_of($1)
      if (folder == "" || $1 ~ /_(test|fixture)\.[ch]pp$/ || folder_of($2) == "") next
      if (!allowed(folder, $2)) { print $1 " may not include " $2 " (see the table in tests/check_includes.sh)"; bad = 1 }
    }
    END { exit bad }'

# Nor does anything there ask. (session and cli name the vendor to a person; the module and the entry pick the backend.)
if git ls-files -co --exclude-standard hypervisor script x86 | grep -vE '^hypervisor/(svm|vmx|entry)/|_(test|fixture)\.[ch]pp$' |
  xargs grep -nE 'HYPERDBG_VENDOR_|vendor *[!=]=|switch \(.*vendor|GenuineIntel|AuthenticAMD'; then
  echo "a test of the vendor above the backends: see the seam in hypervisor/core/backend.hpp"
  exit 1
fi
