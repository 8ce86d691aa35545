# shellcheck shell=bash disable=SC2154,SC2034 # the variables of scripts/verify-arm64
# Stand-ins for the base images, where no registry answers: Debian from its mirror, Node.js from npm. They stay in podman's
# storage and are made again when the version or the recipe below changes. An index over both architectures lets one name
# serve FROM --platform.

readonly debian_release=bookworm
readonly debian_mirror=${LAZYPHOTOS_DEBIAN_MIRROR:-http://deb.debian.org/debian}

# make_bases: sets runtime_image and node_image.
make_bases() {
  local node_version recipe arch
  node_version=$(cat "$root/.node-version")
  recipe=$(declare -f make_debian make_node | sha256sum | cut -c 1-12)
  runtime_image=localhost/stand-in/debian:$debian_release-slim-$recipe
  node_image=localhost/stand-in/node:$node_version-$debian_release-slim-$recipe
  for arch in arm64 amd64; do
    podman image exists "$node_image-$arch" && podman image exists "$runtime_image-$arch" && continue
    make_debian "$arch" "$runtime_image-$arch"
    make_node "$arch" "$node_version" "$node_image-$arch"
    fact made.bases yes
  done
  join_architectures "$runtime_image"
  join_architectures "$node_image"
  fact base.megabytes "$(megabytes_of "$runtime_image-arm64")"
}

# make_debian <arch> <image>: like debian:bookworm-slim, which leaves out the same files, now and when packages are added to it.
make_debian() {
  local arch=$1 image=$2 folder=$work/debian-$1
  # The second half of it runs in the folder, under emulation when it must.
  debootstrap --arch="$arch" --variant=minbase "$debian_release" "$folder" "$debian_mirror"
  umount "$folder/proc" "$folder/sys" 2>/dev/null || true
  printf '%s\n' 'path-exclude=/usr/share/doc/*' 'path-exclude=/usr/share/man/*' 'path-exclude=/usr/share/locale/*' \
    >"$folder/etc/dpkg/dpkg.cfg.d/slim"
  cat >"$folder/etc/apt/apt.conf.d/slim" <<'SETTINGS'
Acquire::Languages "none";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
SETTINGS
  tar -C "$folder" --numeric-owner --exclude='./proc/*' --exclude='./sys/*' --exclude='./dev/*' \
    --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' --exclude='./var/log/*' \
    --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' \
    --exclude='./etc/resolv.conf' --exclude='./etc/hostname' -cf - . |
    podman import --arch "$arch" --change 'CMD ["bash"]' - "$image"
  rm -rf --one-file-system "$folder"
}

# make_node <arch> <version> <image>: Debian, node and npm. It trusts what this machine trusts, since some networks sign TLS anew;
# only the build stage is made from it, so that this does not get into what is shipped.
make_node() {
  local arch=$1 version=$2 image=$3 cpu=$1 container mount
  [ "$arch" != amd64 ] || cpu=x64
  (cd "$work" && npm pack --silent "node-linux-$cpu@$version" npm@11)
  container=$(buildah from --pull-never --arch "$arch" "$runtime_image-$arch")
  mount=$(buildah mount "$container")
  install -d "$mount/usr/local/lib/node_modules/npm" "$mount/etc/ssl/certs"
  tar -C "$mount/usr/local" --no-same-owner --strip-components=1 -xzf "$work/node-linux-$cpu-$version.tgz" package/bin/node
  tar -C "$mount/usr/local/lib/node_modules/npm" --no-same-owner --strip-components=1 -xzf "$work"/npm-11.*.tgz
  chmod 755 "$mount/usr/local/bin/node" "$mount"/usr/local/lib/node_modules/npm/bin/*
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$mount/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$mount/usr/local/bin/npx"
  echo 'node:x:1000:1000::/home/node:/bin/bash' >>"$mount/etc/passwd"
  echo 'node:x:1000:' >>"$mount/etc/group"
  install -d -o 1000 -g 1000 "$mount/home/node"
  install -m 644 /etc/ssl/certs/ca-certificates.crt "$mount/etc/ssl/certs/ca-certificates.crt"
  buildah umount "$container"
  buildah config --env NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt --cmd node "$container"
  buildah commit --rm "$container" "$image"
}

# join_architectures <image>: one name for <image>-arm64 and <image>-amd64.
join_architectures() {
  local image=$1 arch
  ! podman manifest exists "$image" || podman manifest rm "$image"
  buildah manifest create "$image"
  for arch in arm64 amd64; do
    buildah manifest add "$image" "containers-storage:$image-$arch"
  done
}
