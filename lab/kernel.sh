#!/bin/bash
# SPDX-License-Identifier: MIT
# lab/kernel.sh 6.1|6.12: Debian's kernel of that series, unpacked, with our modules built for it, under .lab/kernels/.
# The outcome is the link .lab/kernels/SERIES -> RELEASE; RELEASE/modules/ holds what the guest loads.
set -euo pipefail
cd "$(dirname "$0")/.."
. lab/packages.sh
series=$1
kernels=$PWD/.lab/kernels
mkdir -p "$kernels"

# image_package: the concrete package that Debian's meta package of the series points to.
image_package() {
  local meta=linux-image-amd64
  [ "$series" = 6.12 ] && meta=linux-image-6.12-amd64
  apt-cache depends "$meta" 2>/dev/null | awk '/Depends: linux-image-/ { print $2; exit }'
}

fetch() {
  local package release partial
  package=$(image_package)
  if [ -z "$package" ]; then
    quietly "$kernels/log" as_root apt-get update -q || die "apt-get update failed (no network?)"
    package=$(image_package)
  fi
  [ -n "$package" ] || die "Debian's package lists have no kernel $series; bookworm with bookworm-security is needed"
  release=${package#linux-image-}
  if [ ! -d "$kernels/$release" ]; then
    say "fetching Debian's kernel $release (70 to 110 MB)"
    partial=$kernels/$release.partial
    rm -rf "$partial" && mkdir -p "$partial"
    (cd "$partial" && quietly ../log apt-get download -q "$package") || die "apt-get download $package failed"
    dpkg-deb -x "$partial"/*.deb "$partial"
    rm -f "$partial"/*.deb
    mv "$partial" "$kernels/$release"
  fi
  need_packages "linux-headers-$release"
  ln -sfn "boot/vmlinuz-$release" "$kernels/$release/vmlinuz"
  ln -sfn "$release" "$kernels/$series"
}

# stock_modules LIST NAME...: copies those of Debian's modules and what they depend on, uncompressed; LIST says in which
# order they are loaded.
stock_modules() {
  local to=$kernels/$release/modules list=$1 file
  shift
  [ ! -f "$to/$list" ] || return 0
  [ -e "$kernels/$release/lib/modules/$release/modules.dep" ] || /sbin/depmod -b "$kernels/$release" "$release"
  /sbin/modprobe -d "$kernels/$release" -S "$release" --show-depends -a "$@" | awk '/^insmod/ { print $2 }' |
    while read -r file; do
      case $file in
        *.xz) xz -dc "$file" >"$to/$(basename "${file%.xz}")" && basename "${file%.xz}" ;;
        *) cp "$file" "$to/" && basename "$file" ;;
      esac
    done | awk '!seen[$0]++' >"$to/$list"
}

# unpacked_kernel: the ELF file in vmlinuz, for an emulator on which unpacking takes minutes.
# Where the packed one is and how long, its header says (Documentation/x86/boot.rst); four bytes of size end it.
unpacked_kernel() {
  local packed=$kernels/$release/boot/vmlinuz-$release to=$kernels/$release/kernel.elf setup offset length unpack
  [ ! -f "$to" ] || return 0
  say "unpacking the kernel"
  setup=$(od -An -tu1 -j497 -N1 "$packed")
  offset=$(od -An -tu4 -j584 -N4 "$packed")
  length=$(od -An -tu4 -j588 -N4 "$packed")
  case $(grep -xE 'CONFIG_KERNEL_(XZ|ZSTD)=y' "$kernels/$release/boot/config-$release") in
    CONFIG_KERNEL_XZ=y) unpack=(xz -dc) ;;
    CONFIG_KERNEL_ZSTD=y) unpack=(zstd -dcq --long=31) ;;
    *) die "$packed is packed neither by xz nor by zstd" ;;
  esac
  dd if="$packed" iflag=skip_bytes,count_bytes bs=1M skip=$(((setup + 1) * 512 + offset)) count=$((length - 4)) \
    status=none | "${unpack[@]}" >"$to.partial" || die "$packed cannot be unpacked"
  mv "$to.partial" "$to"
}

# build_module NAME SOURCES: out of tree, from a copy, so that several kernels do not share objects.
build_module() {
  local name=$1 sources=$2 work=$kernels/$release/build-$1 sum
  [ -f "$sources/Kbuild" ] || return 0
  sum=$(cat "$sources"/* abi/*.h 2>/dev/null | sha256sum)
  [ "$sum" = "$(cat "$work.sum" 2>/dev/null)" ] && return
  say "building $name.ko for $release"
  mkdir -p "$work"
  find "$work" -maxdepth 1 -name '*.[cSh]' -delete
  cp "$sources"/* "$work/"
  quietly "$work.log" make -C "/lib/modules/$release/build" "M=$work" "HYPERDBG_ROOT=$PWD" modules ||
    die "$name.ko does not build for $release (whole log: $work.log)"
  # objtool gives up on a file that it does not understand, and then its returns are not patched at load.
  ! grep 'warning:' "$work.log" >&2 || die "$name.ko builds with warnings for $release (whole log: $work.log)"
  # Without debug information, which the guest would only copy about.
  strip -g -o "$kernels/$release/modules/$name.ko" "$work/$name.ko"
  echo "$sum" >"$work.sum"
}

# Debian's package lists may move on while a stamp is fresh; one look a day is enough and keeps a second run fast.
stamp=$kernels/$series.stamp
[ -n "$(find "$stamp" -mmin -1440 2>/dev/null)" ] && [ -d "$kernels/$series" ] || { fetch && touch "$stamp"; }
release=$(readlink "$kernels/$series")
mkdir -p "$kernels/$release/modules"
unpacked_kernel
stock_modules stock.list virtio_pci 9pnet_virtio 9p
stock_modules kvm-amd.list kvm_amd
stock_modules kvm-intel.list kvm_intel
build_module probe lab/probe_module
build_module hyperdbg module
