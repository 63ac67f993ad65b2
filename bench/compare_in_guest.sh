#!/bin/sh
# SPDX-License-Identifier: MIT
# In the lab's guest: compare_in_guest.sh WORK PAIRS SECONDS. Runs the same amount of work alternately without and with
# the hypervisor, about SECONDS each, and then counts the exits of one run. Prints lines of name=value for
# bench/loaded_against_unloaded.sh.
set -eu
work=$1 pairs=$2 seconds=$3

# debugger COMMAND...: types them into a debugger of their own; the hypervisor stays as they leave it.
debugger() {
  printf '%s\n' '.connect local' "$@" | hyperdbg >/tmp/debugger.log 2>&1 || {
    cat /tmp/debugger.log
    exit 1
  }
}
nanoseconds() { bench-workload "$work" "$rounds" | sed 's/.*nanoseconds=//'; }
unloaded() { unloaded=$(nanoseconds); }
loaded() {
  debugger 'load vmm'
  loaded=$(nanoseconds)
  debugger 'unload vmm'
}
exits() {
  debugger 'load vmm' status
  sed -n 's/^exits : //p' /tmp/debugger.log
}

trial=20
rounds=$trial
rounds=$((trial * seconds * 1000000000 / $(nanoseconds) + 1))
echo "work=$work rounds=$rounds pairs=$pairs"
pair=1
while [ $pair -le $pairs ]; do
  # Whoever comes first changes, so that neither gains from what changes over time.
  if [ $((pair % 2)) = 1 ]; then
    unloaded
    loaded
  else
    loaded
    unloaded
  fi
  echo "work=$work pair=$pair unloaded=$unloaded loaded=$loaded"
  pair=$((pair + 1))
done

# A debugger that asks causes exits too, the same number each time: the first two tell how many.
debugger 'load vmm'
first=$(exits)
second=$(exits)
nanoseconds >/dev/null
third=$(exits)
debugger 'unload vmm'
echo "work=$work exits=$((third - second - (second - first))) of_a_debugger=$((second - first))"
