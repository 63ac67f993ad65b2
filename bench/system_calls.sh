#!/bin/bash
# SPDX-License-Identifier: MIT
# bench/system_calls.sh [PAIRS [ROUNDS [OPTION of ./run...]]]
# What events of system calls cost a program that does nothing but getppid: ratios of the medians of PAIRS (3) runs of
# ROUNDS (20) times 2000 calls, to the same without an event. Fails when a call that nobody watches costs more than the
# limit; the other ratios are told.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. lab/packages.sh

pairs=${1:-3} rounds=${2:-20}
shift $(($# < 2 ? $# : 2))
out=.lab/bench
mkdir -p "$out"
cat >"$out/system_calls.scenario" <<END
mode: bare
timeout: $((pairs * 200 + 120))
copy: $PWD/build/release/bin/bench-workload
copy: $PWD/bench/system_calls_in_guest.sh
copy: $PWD/build/release/bin/hyperdbg-compiler.so
param: nopti

\$ insmod /lib/modules/hyperdbg.ko
\$ system_calls_in_guest.sh $pairs $rounds
= calls=finished
END
./run --log "$out" "$@" --scenario "$out/system_calls.scenario" | tee "$out/transcript"

median() { sed -n "s/.*pair=.* $1=\\([0-9]*\\).*/\\1/p" "$out/transcript" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
none=$(median none)
for way in unwatched watched fault returns; do
  awk -v way="$way" -v with="$(median $way)" -v without="$none" -v limit=1.10 'BEGIN {
    ratio = with / without
    bad = way == "unwatched" && ratio > limit
    printf "%s/none %.2f%s%s\n", way, ratio, way == "unwatched" ? " (limit " limit ")" : "", bad ? " FAILED" : ""
    exit bad
  }'
done
