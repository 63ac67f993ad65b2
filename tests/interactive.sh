#!/bin/bash
# SPDX-License-Identifier: MIT
# ./run as a person uses it, through a terminal of its own: the first session, leaving, the guest's shell, the
# other emulator, and a machine that there is not. util-linux's `script` makes the terminal.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

work=$(mktemp -d)
session=
trap 'finish' EXIT

finish() {
  [ -z "$session" ] || kill "$session" 2>/dev/null || true
  rm -rf "$work"
}

# start COMMAND: in a terminal; what it shows goes to $work/screen, what `type_line` says comes from its keyboard.
start() {
  rm -f "$work/keyboard" "$work/screen"
  mkfifo "$work/keyboard"
  : >"$work/screen"
  script -q -e -f -c "$1" "$work/screen" <"$work/keyboard" >/dev/null 2>&1 &
  session=$!
  exec 3>"$work/keyboard"
  seen=0
}

type_line() { printf '%s\r' "$1" >&3; }
press() { printf "$1" >&3; }

# see SECONDS PATTERN: waits until it is on the screen, after what was seen before.
see() {
  local end=$((SECONDS + $1))
  while ! tail -c +$((seen + 1)) "$work/screen" | grep -aqE "$2"; do
    if [ $SECONDS -ge $end ] || ! kill -0 "$session" 2>/dev/null; then
      echo "FAILED: nothing on the screen matches \`$2\`; the screen:"
      tail -c +$((seen + 1)) "$work/screen" | tail -n 30
      exit 1
    fi
    sleep 0.2
  done
  seen=$(stat -c %s "$work/screen")
}

# leaves STATUS: the program ends with it, and its emulator with it.
leaves() {
  local status=0
  exec 3>&-
  wait "$session" || status=$?
  session=
  [ "$status" = "$1" ] || { echo "FAILED: it ended with status $status, not $1" && tail -n 20 "$work/screen" && exit 1; }
}

# first_session [OPTION...]: of ./run.
first_session() {
  local began=$SECONDS
  start "./run $*"
  see 120 '0: kHyperDbg'
  echo "the prompt came after $((SECONDS - began)) s"
  type_line '!cpuid 1 stage post script { printf("leaf %llx seen\n", $context); }'
  see 20 '0: kHyperDbg'
  type_line events
  see 20 'cpuid'
  type_line g
  see 20 'debuggee is running'
  sleep 1
  press '\003'
  see 20 '0: kHyperDbg'
  type_line 'events c all'
  see 20 '0: kHyperDbg'
  type_line 'r rip'
  see 20 'rip='
  type_line help
  see 20 'cpuid'
  type_line exit
  leaves 0
}

guest_shell() {
  start './run --vmi'
  see 120 'debuggee#'
  type_line hyperdbg
  see 20 'HyperDbg>'
  type_line '.connect local'
  see 20 'local debugging'
  type_line 'load vmm'
  see 30 'vmm module is running'
  type_line '!cpuid 12345 script { printf("seen %llx\n", $context); }'
  see 20 'HyperDbg>'
  type_line 'unload vmm'
  see 30 "not on HyperDbg's hypervisor"
  type_line exit
  see 20 'debuggee#'
  press '\035'
  leaves 0
}

in_bochs() { first_session --backend intel; }

no_such_machine() {
  local status=0 said
  said=$(./run --backend intel --emulator qemu 2>&1) || status=$?
  if [ "$status" != 2 ] || ! grep -q 'QEMU does not emulate VT-x' <<<"$said"; then
    echo "FAILED: ./run --backend intel --emulator qemu: status $status: $said"
    exit 1
  fi
}

# Built beforehand, so that the waiting is for the machine alone.
./run --help >/dev/null
[ $# != 0 ] || set -- first_session first_session guest_shell in_bochs no_such_machine
for part; do "$part"; done
