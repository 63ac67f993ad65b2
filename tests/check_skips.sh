#!/bin/bash
# SPDX-License-Identifier: MIT
# Where a scenario is skipped, a limit of the emulator is the reason, and another scenario shows that limit: it fails when
# the limit is gone. At most one scenario in twenty is skipped for a backend.
set -euo pipefail
cd "$(dirname "$0")/.."

bad=0
complain() { echo "$1" && bad=1; }

while IFS=: read -r file skip; do
  limit=$(grep -oE 'limits/[a-z0-9_]+\.scenario' <<<"$skip" || true)
  if [ -z "$limit" ]; then
    complain "$file: its skip names no tests/machine/limits/NAME.scenario that shows the limit"
  elif [ ! -f "tests/machine/$limit" ]; then
    complain "$file: tests/machine/$limit is missing"
  fi
done < <(grep -rE '^skip:' tests/machine --include='*.scenario' || true)

for limit in tests/machine/limits/*.scenario; do
  [ -f "$limit" ] || continue
  grep -rqE "^skip:.*limits/$(basename "$limit")" tests/machine --include='*.scenario' ||
    complain "$limit: no scenario is skipped for it"
done

all=(tests/machine/*.scenario)
for where in amd intel; do
  skipped=$( (grep -lE "^skip: *$where " "${all[@]}" || true) | wc -l)
  [ $((skipped * 20)) -le ${#all[@]} ] || complain "$skipped of ${#all[@]} scenarios are skipped for $where: more than one in twenty"
done
exit $bad
