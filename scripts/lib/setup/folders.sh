# shellcheck shell=bash disable=SC2154 # the variables of scripts/setup
# The data folders. Everything in the containers runs as one user, to whom theirs belong.

readonly data_folders='postgres rabbitmq minio auth scratch import caddy tailscale prometheus grafana clamav'

make_folders() {
  local folder path=${settings[LAZYPHOTOS_DATA_PATH]}
  mkdir -p "$path" 2>/dev/null || fail "$path cannot be made by you: sudo scripts/setup …"
  for folder in $data_folders; do
    make_folder "$path/$folder" "${settings[LAZYPHOTOS_USER]}"
  done
  make_folder "$path/secrets" "$(caller)"
}

# Who is to own what the containers write: whoever calls this, and for root the user 1000, who is the first of a Raspberry Pi.
container_user() {
  if [ "$(id -u)" = 0 ] && [ "${SUDO_UID:-0}" = 0 ]; then echo 1000:1000; else caller; fi
}

caller() { echo "${SUDO_UID:-$(id -u)}:${SUDO_GID:-$(id -g)}"; }

# make_folder FOLDER USER:GROUP: for its owner alone.
make_folder() {
  [ -d "$1" ] || mkdir -m 700 "$1" 2>/dev/null || fail "$1 cannot be made by you: sudo scripts/setup …"
  chmod 700 "$1" 2>/dev/null || true
  [ "$(stat -c %u "$1")" = "${2%:*}" ] || chown "$2" "$1" 2>/dev/null ||
    fail "$1 must belong to user $2, and only root can give it away: sudo scripts/setup …"
}
