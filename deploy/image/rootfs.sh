#!/bin/bash
# What an image has besides its base and its service, for a processor that need not be ours: nothing of it is run here.
#   rootfs.sh <amd64|arm64> <folder>          tini, node without its symbol tables, the health check, the user node
#   rootfs.sh <amd64|arm64> <folder> perl     the modules of Perl that exiftool may ask for, on top of Debian's perl-base
set -euo pipefail
here=$(dirname "$0") arch=$1 rootfs=$2 part=${3:-base}

case $arch in
  amd64) triplet=x86_64-linux-gnu ;;
  arm64) triplet=aarch64-linux-gnu ;;
  *) echo "No image is made for $arch." >&2; exit 1 ;;
esac

unpack() {
  local folder
  folder=$(mktemp -d)
  dpkg --add-architecture "$arch"
  apt-get update -q
  (cd "$folder" && apt-get download -q -o APT::Sandbox::User=root "$@")
  for package in "$folder"/*.deb; do dpkg -x "$package" "$folder/unpacked"; done
  unpacked=$folder/unpacked
}

base() {
  # The official program is 18 MB larger for its symbols, which only a debugger of node itself would read.
  apt-get update -q
  apt-get install -y -q --no-install-recommends "binutils-${triplet//_/-}"
  install -D -m 755 /tmp/node "$rootfs/usr/local/bin/node"
  "$triplet-strip" --strip-unneeded "$rootfs/usr/local/bin/node"

  unpack "tini:$arch"
  install -D -m 755 "$unpacked/usr/bin/tini-static" "$rootfs/usr/bin/tini"
  install -D -m 755 "$here/healthcheck" "$rootfs/usr/local/bin/healthcheck"

  install -d "$rootfs/etc"
  { grep -v ':1000:' /etc/passwd; echo 'node:x:1000:1000::/nonexistent:/usr/sbin/nologin'; } >"$rootfs/etc/passwd"
  { grep -v ':1000:' /etc/group; echo 'node:x:1000:'; } >"$rootfs/etc/group"
}

perl() {
  local version
  version=$(/usr/bin/perl -e 'printf "%vd", $^V')
  unpack "libperl${version%.*}:$arch" "perl-modules-${version%.*}:all"
  for modules in "usr/share/perl" "usr/lib/$triplet/perl"; do
    install -d "$rootfs/$modules"
    cp -a "$unpacked/$modules/$version" "$unpacked/$modules/${version%.*}" "$rootfs/$modules/"
  done
  # C headers, what builds Perl modules, and the order of Asian scripts.
  rm -r "$rootfs/usr/lib/$triplet/perl/$version/CORE" "$rootfs/usr/share/perl/$version"/{ExtUtils,CPAN,Pod,Unicode/Collate}
  find "$rootfs" -name '*.pod' -delete
}

mkdir -p "$rootfs"
"$part"
