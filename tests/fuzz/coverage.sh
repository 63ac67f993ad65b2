#!/bin/bash
# SPDX-License-Identifier: MIT
# tests/fuzz/coverage.sh [SECONDS] [SEED]: builds script_fuzz with coverage counters, runs it, and prints how much of the
# files of script/ it reached.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

folder=build/coverage
cmake -S . -B $folder -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O1 -DHYPERDBG_TESTS=ON \
  -DCMAKE_CXX_FLAGS=--coverage -DCMAKE_MODULE_LINKER_FLAGS=--coverage >$folder.log
ninja -C $folder script_fuzz >>$folder.log
find $folder -name '*.gcda' -delete
$folder/bin/script_fuzz "${1:-60}" "${2:-1}"

# One line for each source: lines, branches taken at least once, calls.
find "$PWD/$folder/script" -name '*.gcda' -path '*script*' ! -path '*testing*' ! -path '*fuzz*' | sort |
  xargs gcov -b -n -s "$PWD" -r 2>/dev/null |
  awk -v OFS='\t' '
    /^File/ { file = $2; gsub(/\x27/, "", file); sub(/^(\.\.\/)+/, "", file) }
    /^Lines executed/ { split($2, part, ":"); lines = part[2]; count = $NF }
    /^Taken at least once/ {
      split($4, part, ":")
      if (file ~ /^script\/.*cpp$/ && !(file in seen)) {
        seen[file] = 1
        printf "%-38s %7s of %4d lines   %7s of %5d branches\n", file, lines, count, part[2], $NF
        all += count; reached += count * lines / 100; branches += $NF; taken += $NF * part[2] / 100
      }
    }
    END { printf "%-38s %6.2f%% of %4d lines   %6.2f%% of %5d branches\n", "script/", 100 * reached / all, all, 100 * taken / branches, branches }'
