#!/bin/sh
# SPDX-License-Identifier: MIT
# In the lab's guest: system_calls_in_guest.sh PAIRS ROUNDS. Work that is nothing but getppid, alternately without events
# and with some. Prints lines of name=value for bench/system_calls.sh.
set -eu
pairs=$1 rounds=$2

debugger() {
  printf '%s\n' '.connect local' 'load vmm' "$@" | hyperdbg >/tmp/debugger.log 2>&1 || {
    cat /tmp/debugger.log
    exit 1
  }
}
nanoseconds() { bench-workload calls "$rounds" | sed 's/.*nanoseconds=//'; }
# measured COMMAND: with this event.
measured() {
  debugger "$1"
  nanoseconds
  debugger 'events c all'
}

debugger status
pair=1
while [ $pair -le $pairs ]; do
  none=$(nanoseconds)
  unwatched=$(measured '!syscall 1f0 script { .n = .n + 1; }')
  watched=$(measured '!syscall getppid script { .n = .n + 1; }')
  fault=$(measured '!syscall2 1f0 script { .n = .n + 1; }')
  returns=$(measured '!sysret script { .n = .n + 1; }')
  echo "pair=$pair none=$none unwatched=$unwatched watched=$watched fault=$fault returns=$returns"
  pair=$((pair + 1))
done
debugger 'unload vmm'
echo calls=finished
