#!/bin/bash
# SPDX-License-Identifier: MIT
# bench/loaded_against_unloaded.sh [PAIRS [SECONDS [OPTION of ./run...]]]
# What the loaded hypervisor without events costs: the ratio of the medians of PAIRS (11) runs of about SECONDS (10) each,
# interleaved within one boot of the guest, for ordinary work and for work that lives on the TLB. Fails above the limits,
# and when a run caused exits. Nothing else should keep the host busy meanwhile.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. lab/packages.sh

pairs=${1:-11} seconds=${2:-10}
shift $(($# < 2 ? $# : 2))
limits='mixed 1.05
tlb 1.30'
tolerated_exits=0

out=.lab/bench
mkdir -p "$out"
# Loading takes a few seconds in an emulator, and a slow machine is no reason to fail here.
cat >"$out/loaded_against_unloaded.scenario" <<END
mode: bare
timeout: $((pairs * (seconds * 4 + 60) + 120))
copy: $PWD/build/release/bin/bench-workload
copy: $PWD/bench/compare_in_guest.sh

\$ insmod /lib/modules/hyperdbg.ko
\$ compare_in_guest.sh mixed $pairs $seconds
= work=mixed exits=
\$ compare_in_guest.sh tlb $pairs $seconds
= work=tlb exits=
END
./run --log "$out" "$@" --scenario "$out/loaded_against_unloaded.scenario" | tee "$out/transcript"

# judge WORK LIMIT: from lines of name=value in the transcript.
judge() {
  sed -n "s/.*\(work=$1 .*\)/\1/p" "$out/transcript" | awk -v limit="$2" -v tolerated="$tolerated_exits" -v pairs="$pairs" '
    function value(name, i, parts) {
      for (i = 1; i <= NF; i++) if (split($i, parts, "=") == 2 && parts[1] == name) return parts[2]
      return ""
    }
    function median(values, count, i, j, kept) {
      for (i = 2; i <= count; i++) {
        kept = values[i]
        for (j = i - 1; j > 0 && values[j] > kept; j--) values[j + 1] = values[j]
        values[j + 1] = kept
      }
      return count % 2 ? values[(count + 1) / 2] : (values[count / 2] + values[count / 2 + 1]) / 2
    }
    { work = value("work") }
    value("pair") != "" { count++; unloaded[count] = value("unloaded") + 0; loaded[count] = value("loaded") + 0 }
    value("exits") ~ /^-?[0-9]+$/ { exits = value("exits"); known = 1 }
    END {
      if (count != pairs || !known) { print "no complete result for " work; exit 1 }
      ratio = median(loaded, count) / median(unloaded, count)
      bad = ratio > limit || exits > tolerated
      printf "%s: loaded/unloaded %.3f (limit %.2f, median of %d pairs), exits in one run: %d (limit %d)%s\n",
             work, ratio, limit, count, exits, tolerated, bad ? " FAILED" : ""
      exit bad
    }'
}

failed=0
while read -r work limit; do
  judge "$work" "$limit" || failed=1
done <<<"$limits"
exit $failed
