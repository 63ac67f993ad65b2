# SPDX-License-Identifier: MIT
# Sourced by ./run, ./test and lab/kernel.sh: Debian packages, installed only where missing.

# say TEXT...: one progress line.
say() { printf '[%s] %s\n' "$(date +%H:%M:%S)" "$*" >&2; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 2
}

# as_root COMMAND...: directly or through sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "installing packages needs root: run this as root, or install sudo"
  fi
}

# quietly LOG COMMAND...: shows the output only when the command fails.
quietly() {
  local log=$1
  shift
  if ! "$@" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    return 1
  fi
}

# need_packages NAME...: installs what dpkg does not know as installed.
need_packages() {
  local missing=() name log
  for name in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done
  [ ${#missing[@]} = 0 ] && return
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  log=$(mktemp)
  quietly "$log" as_root apt-get update -q || die "apt-get update failed (no network?)"
  quietly "$log" as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" ||
    die "apt-get could not install: ${missing[*]}"
  rm -f "$log"
}

BUILD_PACKAGES=(build-essential cmake ninja-build ccache pkgconf llvm-19-dev libzydis-dev libedit-dev libcli11-dev
  libfmt-dev nlohmann-json3-dev libelf-dev libdw-dev libbpf-dev zlib1g-dev libzstd-dev musl-tools)
MACHINE_PACKAGES=(qemu-system-x86 seabios ipxe-qemu bochs bochs-term bochsbios vgabios busybox-static kmod
  xz-utils zstd)
TEST_PACKAGES=(libgtest-dev libgmock-dev libbenchmark-dev liblzma-dev clang-format clang-tidy)
