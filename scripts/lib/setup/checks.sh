# shellcheck shell=bash disable=SC2154 # the variables of scripts/setup
# Whether this machine can run a node. Expects `settings`; counts in `failures`.

failures=0

good() { printf '  ok       %s\n' "$*"; }
warning() { printf '  warning  %s\n' "$*"; }
failure() {
  failures=$((failures + 1))
  printf '  FAILED   %s\n' "$*"
}

platform() {
  case $(uname -m) in
    x86_64) echo linux/amd64 ;;
    *) echo linux/arm64 ;;
  esac
}

check_machine() {
  echo 'Checking this machine:'
  check_processor
  check_memory
  check_control_groups
  check_disk
  check_docker
  check_ports
  check_openssl
  check_data
}

check_processor() {
  local machine
  machine=$(uname -m)
  case $machine in
    aarch64 | x86_64) ;;
    *) failure "The kernel is 32-bit ($machine): install the 64-bit Raspberry Pi OS." && return ;;
  esac
  if [ "$(getconf LONG_BIT)" = 64 ]; then
    good "64-bit ($machine)"
  else
    failure 'The kernel is 64-bit, but the system is not: install the 64-bit Raspberry Pi OS.'
  fi
}

check_memory() {
  local total wanted=3500 profiles=,${settings[COMPOSE_PROFILES]},
  total=$(($(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo) / 1024))
  [[ $profiles != *,monitoring,* ]] || wanted=$((wanted + 512))
  [[ $profiles != *,antivirus,* ]] || wanted=$((wanted + 2560))
  if [ "$total" -lt 1800 ]; then
    failure "$total MiB of memory: a node needs 2 GB at the very least, and is made for 4 GB."
  elif [ "$total" -lt "$wanted" ]; then
    warning "$total MiB of memory: the containers together may want up to $wanted."
  else
    good "$total MiB of memory"
  fi
}

check_control_groups() {
  if grep -qsw memory /sys/fs/cgroup/cgroup.controllers ||
    awk '$1 == "memory" && $4 == 1 { found = 1 } END { exit !found }' /proc/cgroups 2>/dev/null; then
    good 'memory limits can be enforced'
  else
    warning 'The memory controller is off, so memory limits are not enforced. On a Raspberry Pi add' \
      '"cgroup_enable=memory cgroup_memory=1" to the line of /boot/firmware/cmdline.txt and reboot.'
  fi
}

# The folder itself, or the one in which it will be made.
nearest_folder() {
  local folder=$1
  while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
  printf '%s' "$folder"
}

check_disk() {
  local folder free type device path=${settings[LAZYPHOTOS_DATA_PATH]}
  folder=$(nearest_folder "$path")
  free=$(($(df -Pk "$folder" | awk 'NR == 2 { print $4 }') / 1024 / 1024))
  if [ "$free" -lt 5 ]; then
    failure "$free GiB are free for $path: that is too little."
  elif [ "$free" -lt 32 ]; then
    warning "$free GiB are free for $path: that will not be enough for long."
  else
    good "$free GiB are free for $path"
  fi
  type=$(stat -f -c %T "$folder")
  case $type in
    msdos | exfat | fuseblk | ntfs*) failure "$folder is on a $type disk, which knows no owners of files: format it as ext4." ;;
  esac
  device=$(df -P "$folder" | awk 'NR == 2 { print $1 }')
  [[ $device != /dev/mmcblk* ]] || warning "$folder is on an SD card, which is slow and wears out: use an SSD."
}

check_docker() {
  local compose
  if ! command -v docker >/dev/null; then
    failure 'Docker is missing: curl -fsSL https://get.docker.com | sh'
    return
  fi
  if docker version >/dev/null 2>&1; then
    good 'Docker answers'
  else
    failure 'Docker does not respond: is it running, and are you in the group docker (sudo usermod -aG docker <you>)?'
  fi
  compose=$(docker compose version --short 2>/dev/null) || compose=0
  if printf '%s\n' 2.24 "${compose#v}" | sort --version-sort --check=quiet; then
    good "Docker Compose $compose"
  else
    failure 'Docker Compose 2.24 or newer is missing: sudo apt install docker-compose-plugin'
  fi
}

check_ports() {
  local port ports=${settings[LAZYPHOTOS_PORT]}
  [[ ,${settings[COMPOSE_PROFILES]}, != *,tls,* ]] || ports+=" $(setting CADDY_HTTP_PORT 80) $(setting CADDY_HTTPS_PORT 443)"
  for port in $ports; do
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      good "port $port is free"
    elif [ -e "$env_file" ]; then
      warning "Port $port is taken: by this node, if it is running."
    else
      failure "Port $port is taken."
    fi
  done
}

check_openssl() {
  if command -v openssl >/dev/null; then
    good 'openssl is there'
  else
    failure 'openssl is missing: sudo apt install openssl'
  fi
}

# New passwords would not open what was made with the old ones.
check_data() {
  local path=${settings[LAZYPHOTOS_DATA_PATH]}
  if ! has_setting POSTGRES_PASSWORD && [ -n "$(ls -A "$path/postgres" 2>/dev/null)" ]; then
    failure "$path holds a node, but $env_file has no passwords for it: put the copy of $env_file back" \
      "(the files in $path/secrets hold them, too)."
  fi
}
