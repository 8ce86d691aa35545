# shellcheck shell=bash disable=SC2154,SC2034 # the variables of scripts/verify-arm64
# The machine: which container engine there is, and what podman needs where no systemd and no Docker is.

readonly packages=(podman buildah crun netavark aardvark-dns iptables catatonit qemu-user-static binfmt-support debootstrap iproute2)

has() {
  command -v "$1" >/dev/null
}

# Docker if its engine responds, otherwise podman.
choose_engine() {
  if has docker && docker info >/dev/null 2>&1; then echo docker; else echo podman; fi
}

# Starts this script anew with mounts of its own: crun refuses to run where both kinds of control groups are mounted, so
# the second one is hidden from it. And with processes of its own: whatever becomes of us, no container outlives us.
# Nothing changes for the rest of the machine.
in_own_namespaces() {
  [ "$(id -u)" = 0 ] || die 'Without a Docker engine this needs root: it installs Debian packages and runs podman.'
  # The script's own arguments are expanded by the inner shell.
  # shellcheck disable=SC2016
  LAZYPHOTOS_OWN_NAMESPACES=1 exec unshare --mount --propagation private --pid --fork --kill-child --mount-proc \
    sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"' sh "$@"
}

# podman and what it wants, from Debian. iptables and catatonit are not pulled in by it.
install_packages() {
  local package missing=()
  for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
}

# Programs for arm64 are run by qemu; F among the flags means: inside containers as well.
enable_emulation() {
  [ "$(uname -m)" != aarch64 ] || return 0
  local entry=/proc/sys/fs/binfmt_misc/qemu-aarch64
  mountpoint -q /proc/sys/fs/binfmt_misc || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
  [ -e "$entry" ] || update-binfmts --enable qemu-aarch64
  grep -q '^flags:.*F' "$entry"
}

# Settings of podman for this run only. Images are kept in a folder of ours, apart from those of others. Containers stay in
# our own control group, since we may not make others everywhere: limits of memory and processors are taken, but not
# enforced. The ulimits are below what a root without all privileges may have.
write_podman_settings() {
  local run=/run/lazyphotos-verify-arm64
  # Once for a run that was killed, and once for ours.
  remove_state "$run"
  at_exit remove_state "$run"
  cat >"$work/containers.conf" <<SETTINGS
[containers]
cgroups = "disabled"
default_ulimits = ["nofile=20000:20000", "nproc=16384:16384"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "crun"
tmp_dir = "$run/libpod"
[network]
network_backend = "netavark"
network_config_dir = "$run/networks"
SETTINGS
  cat >"$work/storage.conf" <<SETTINGS
[storage]
driver = "overlay"
graphroot = "$cache/storage"
runroot = "$run/storage"
SETTINGS
  echo 'unqualified-search-registries = ["docker.io"]' >"$work/registries.conf"
  export CONTAINERS_CONF=$work/containers.conf CONTAINERS_STORAGE_CONF=$work/storage.conf
  export CONTAINERS_REGISTRIES_CONF=$work/registries.conf
}

# What podman keeps while it runs, and the bridges of its networks, which would outlive a killed run.
remove_state() {
  local bridge bridges
  bridges=$(cat "$1"/networks/*.json 2>/dev/null | sed -n 's/.*"network_interface": "\(.*\)".*/\1/p') || true
  for bridge in $bridges; do
    ip link delete "$bridge" || true
  done
  rm -rf --one-file-system "$1"
}

prepare_podman() {
  install_packages
  enable_emulation
  write_podman_settings
  ! $fresh || rm -rf --one-file-system "$cache/storage"
  podman info
  podman rm --all --force --time 0
}

prepare_docker() {
  docker info
  [ "$(uname -m)" != aarch64 ] && [ ! -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ] || return 0
  docker run --privileged --rm tonistiigi/binfmt --install arm64
}

# Whether images can be pulled; 401 is an answer too.
registry_answers() {
  curl --silent --output /dev/null --max-time 10 https://registry-1.docker.io/v2/
}

# The project's command and its test tools run on this machine, in the project's own version of Node.js.
build_tools() {
  node "$root/scripts/build.mjs"
}

run_node() {
  "$root/node_modules/node/bin/node" "$@"
}
