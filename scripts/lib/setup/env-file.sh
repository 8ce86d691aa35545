# shellcheck shell=bash disable=SC2154 # the variables of scripts/setup
# The .env file. What stands in it is kept as it is, comments and all; what is missing is added at its end.
# Expects `env_file` and `settings`.

declare -A env_values=()
env_lines=

read_env_file() {
  local line name value
  [ -e "$env_file" ] || return 0
  env_lines=$(cat "$env_file")
  while IFS= read -r line; do
    [[ $line =~ ^([A-Za-z_][A-Za-z0-9_]*)=(.*)$ ]] || continue
    name=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
    case $value in
      \'*\') value=${value#\'} value=${value%\'} ;;
      \"*\") value=${value#\"} value=${value%\"} ;;
      *) value=${value%%[[:space:]]#*} value=${value%"${value##*[![:space:]]}"} ;;
    esac
    env_values[$name]=$value
  done <"$env_file"
}

has_setting() { [ -n "${env_values[$1]+there}" ]; }

# setting NAME [DEFAULT]
setting() { printf '%s' "${env_values[$1]:-${2:-}}"; }

add_line() { env_lines+=${env_lines:+$'\n'}$1; }

# add NAME VALUE: unless it has one.
add() {
  { has_setting "$1" && [ -n "${env_values[$1]}" ]; } || put "$1" "$2"
}

# put NAME VALUE: in place of what is there. Compose and dotenv take what is between single quotes as it is.
put() {
  local line="$1=$2"
  [[ $2 =~ ^[A-Za-z0-9_./:,=+@~-]*$ ]] || line="$1='$2'"
  if has_setting "$1"; then
    env_lines=$(NAME=$1 LINE=$line awk 'index($0, ENVIRON["NAME"] "=") == 1 { $0 = ENVIRON["LINE"] } { print }' <<<"$env_lines")
  else
    add_line "$line"
  fi
  env_values[$1]=$2
}

# Adds what is missing, in memory.
complete_env() {
  local name
  if [ -z "$env_lines" ]; then
    add_line '# Settings and secrets of this node, written by scripts/setup, which keeps what stands here and adds what is missing.'
    add_line '# After a change: scripts/setup, then docker compose up -d --force-recreate. The settings of docs/configuration.md can stand here, too.'
  fi
  add COMPOSE_FILE docker-compose.arm64.yml
  for name in COMPOSE_PROFILES LAZYPHOTOS_PLATFORM LAZYPHOTOS_USER LAZYPHOTOS_DATA_PATH LAZYPHOTOS_PUBLIC_URL LAZYPHOTOS_SITE \
    LAZYPHOTOS_HOST LAZYPHOTOS_PORT; do
    add "$name" "${settings[$name]}"
  done
  add_secrets
}

write_env_file() { write_private_file "$env_file" 600 "$env_lines"; }

# write_private_file FILE MODE CONTENT: in one step, so that no reader ever sees an incomplete file. A read-only file is replaced, too.
write_private_file() {
  local temporary
  temporary=$(umask 077 && mktemp "$1.XXXXXX")
  printf '%s\n' "$3" >"$temporary"
  chmod "$2" "$temporary"
  give_to_caller "$temporary"
  [ "$2" = 444 ] || sync "$temporary"
  mv "$temporary" "$1"
}

# Under sudo, a file is to belong to whoever called it.
give_to_caller() {
  [ -z "${SUDO_UID:-}" ] || chown "$(caller)" "$1"
}
