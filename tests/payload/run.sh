#!/bin/bash
# SPDX-License-Identifier: MIT
# tests/payload/run.sh qemu-amd|bochs-amd|bochs-intel
# Runs the payload in that emulator and compares its lines with tests.txt. Fails for a test that failed, is missing or
# is not in the list, and for one that holds although tests.txt says that this emulator cannot show it.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
. lab/packages.sh

emulator=${1:-}
case $emulator in
  qemu-amd) model=EPYC,+svm image=payload.bin offset=8 ;;
  bochs-amd) model=ryzen image=payload.img offset=520 ;;
  bochs-intel) model=corei7_skylake_x image=payload.img offset=520 ;;
  *) die "usage: tests/payload/run.sh qemu-amd|bochs-amd|bochs-intel" ;;
esac

work=$PWD/.lab/logs/payload-$emulator
mkdir -p "$work"
child=
end_emulator() {
  [ -z "$child" ] || kill -KILL "$child" 2>/dev/null || true # Bochs does not heed SIGTERM
  [ -z "$child" ] || wait "$child" 2>/dev/null || true
  child=
}
trap end_emulator EXIT

start_emulator() {
  if [ "$emulator" = qemu-amd ]; then
    qemu-system-x86_64 -nodefaults -no-user-config -no-reboot -display none -monitor none -accel tcg -cpu "$model" \
      -m 128 -kernel "$work/$image" -serial "file:$work/lines" -serial null \
      -device isa-debug-exit,iobase=0x501,iosize=4 >"$work/emulator.log" 2>&1 </dev/null &
  else
    # ips: few, because what the BIOS waits for is guest time. ignore_bad_msrs: the models lack registers that the
    # processors have and the backends read, VM_CR and DEBUGCTL.
    cat >"$work/bochsrc" <<END
config_interface: textconfig
display_library: rfb, options="timeout=0"
plugin_ctrl: unmapped=1, biosdev=1, speaker=0, extfpuirq=1, parallel=0, serial=1
cpu: model=$model, count=1, ips=1000000, reset_on_triple_fault=0, ignore_bad_msrs=1
memory: guest=128, host=128
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
pci: enabled=1, chipset=i440fx
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=disk, path=$work/$image, mode=flat, cylinders=2, heads=16, spt=63
boot: disk
clock: sync=none, time0=1700000000
com1: enabled=1, mode=file, dev=$work/lines
com2: enabled=1, mode=null
log: $work/emulator.log
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore
mouse: enabled=0
sound: driver=dummy
END
    printf 'continue\nquit\n' >"$work/commands" # of the debugger that Debian's Bochs has
    bochs -q -f "$work/bochsrc" -rc "$work/commands" >"$work/screen" 2>&1 </dev/null &
  fi
  child=$!
}

# One run from test number $1 on: until its end, the emulator's, a stopped machine, or 10 seconds without a line.
run_from() {
  local size=0 quiet=0 now
  cp "build/release/tests/payload/$image" "$work/$image"
  printf "\\x$(printf %02x $(($1 % 256)))\\x$(printf %02x $(($1 / 256)))" |
    dd of="$work/$image" bs=1 seek="$offset" conv=notrunc status=none
  : >"$work/lines"
  rm -f "$work/$image.lock" # Bochs leaves it behind when it is ended
  start_emulator
  while kill -0 "$child" 2>/dev/null && [ $quiet -lt 100 ]; do
    grep -aqE '^(payload:|the machine is stopped)' "$work/lines" && break
    now=$(stat -c %s "$work/lines")
    quiet=$((now == size ? quiet + 1 : 0))
    size=$now
    sleep 0.1
  done
  end_emulator
}

mapfile -t names < <(grep -E '^[^ #]' tests/payload/tests.txt)
: >"$work/results"
: >"$work/all"
next=0
# Each test that takes the emulator down costs a start: a payload that does not work at all is not tried to the end.
for ((starts = 0; starts < 20; starts++)); do
  run_from $next
  tr -d '\r' <"$work/lines" | grep -aE ': (ok|FAILED .*)$' >"$work/new" || true
  cat "$work/new" >>"$work/results"
  cat "$work/lines" >>"$work/all"
  grep -aq '^payload: end' "$work/lines" && break
  next=$((next + $(wc -l <"$work/new")))
  [ $next -lt ${#names[@]} ] || break
  # The test without a line took the emulator or the machine down; the ones behind it get an emulator of their own.
  echo "${names[$next]}: FAILED the run ended here: $({ grep -aE '^hyperdbg: |>>PANIC<<' "$work/lines" "$work/emulator.log" || tail -qn 1 "$work/emulator.log"; } | tail -n 1 | sed 's/^[^:]*://; s/\r//')" >>"$work/results"
  next=$((next + 1))
done

awk -v emulator="$emulator" '
  FNR == NR {
    if ($0 ~ /^#/ || $0 == "") next
    if ($0 !~ /^ /) { name = $0; listed[name] = 1; order[++count] = name; next }
    if ($1 == emulator ":") { sub(/^ *[^ ]+ */, ""); limit[name] = $0 }
    next
  }
  {
    at = match($0, /: (ok|FAILED .*)$/)
    name = substr($0, 1, at - 1); result = substr($0, at + 2)
    if (!(name in listed)) complain(name ": is not in tests.txt (" result ")")
    if (name in got) complain(name ": came twice")
    got[name] = result
  }
  function complain(text) { print text; bad++ }
  END {
    for (i = 1; i <= count; i++) {
      name = order[i]
      if (!(name in got)) complain(name ": is missing")
      else if (name in limit && got[name] == "ok") complain(name ": holds now; its limit can go from tests.txt: " limit[name])
      else if (name in limit) { limited++; print name ": not in this emulator: " limit[name] }
      else if (got[name] != "ok") complain(name ": " got[name])
      else ok++
    }
    printf "%s: %d ok, %d not in this emulator, %d wrong\n", emulator, ok, limited, bad
    exit bad != 0
  }' tests/payload/tests.txt "$work/results"
