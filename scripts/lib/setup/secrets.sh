# shellcheck shell=bash disable=SC2154 # the variables of scripts/setup
# The secrets: made once, kept in .env, and written from there to the files that the containers read.

readonly services='gateway auth upload catalog feed media-worker'
readonly storage_services='gateway upload media-worker'
readonly bus_services='upload catalog feed media-worker'

# media-worker -> MEDIA_WORKER
upper() {
  local name=${1//-/_}
  printf '%s' "${name^^}"
}

random() { openssl rand -hex "$1"; }

# A private key of the curve P-256, PKCS #8, base64.
new_service_key() {
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>/dev/null |
    openssl pkcs8 -topk8 -nocrypt -outform DER | base64 -w 0
}

# Its public part: SPKI, base64.
public_key() {
  base64 -d <<<"$1" | openssl pkey -inform DER -pubout -outform DER | base64 -w 0
}

# MinIO wants at most 20 characters of an access key, and 40 of its secret.
add_secrets() {
  local service name peers=
  add POSTGRES_PASSWORD "$(random 24)"
  add RABBITMQ_PASSWORD "$(random 24)"
  add MINIO_ROOT_USER "$(random 10)"
  add MINIO_ROOT_PASSWORD "$(random 20)"
  add LAZYPHOTOS_MEDIA_SIGNING_KEY "$(random 32)"
  add GRAFANA_PASSWORD "$(random 12)"
  add TAILSCALE_AUTH_KEY ''
  for service in $services; do
    name=$(upper "$service")
    add "${name}_DATABASE_PASSWORD" "$(random 24)"
    add "${name}_SERVICE_KEY" "$(new_service_key)"
    peers+=${peers:+,}$service=$(public_key "$(setting "${name}_SERVICE_KEY")") ||
      fail "${name}_SERVICE_KEY in $env_file is not a key. Remove the line, and a new one is made."
  done
  for service in $storage_services; do
    name=$(upper "$service")
    add "${name}_S3_ACCESS_KEY_ID" "$(random 10)"
    add "${name}_S3_SECRET_ACCESS_KEY" "$(random 20)"
  done
  for service in $bus_services; do
    add "$(upper "$service")_BUS_PASSWORD" "$(random 24)"
  done
  # Always what belongs to the keys above.
  [ "$(setting LAZYPHOTOS_PEER_KEYS)" = "$peers" ] || put LAZYPHOTOS_PEER_KEYS "$peers"
}

# All that go into URLs and configuration files, where they stand as they are.
check_secrets() {
  local name
  for name in "${!env_values[@]}"; do
    [[ $name =~ (_PASSWORD|_ROOT_USER|_ACCESS_KEY_ID|_SECRET_ACCESS_KEY|_SIGNING_KEY)$ ]] || continue
    [[ ${env_values[$name]} =~ ^[A-Za-z0-9._~-]{8,}$ ]] ||
      fail "$name in $env_file must have at least 8 characters, only letters, digits and . _ ~ -"
  done
}

database_url() { printf 'postgresql://%s:%s@postgres:5432/%s' "$1" "$2" "$3"; }

bus_url() { printf 'amqp://%s:%s@rabbitmq:5672' "$1" "$2"; }

# secret NAME CONTENT: any user of a container may read the file, but no other user of this machine can open the folder.
secret() { write_private_file "$secrets_folder/$1" 444 "$2"; }

write_secret_files() {
  local service name snake bus
  secrets_folder=${settings[LAZYPHOTOS_DATA_PATH]}/secrets
  secret postgres_password "$(setting POSTGRES_PASSWORD)"
  secret admin_database_url "$(database_url postgres "$(setting POSTGRES_PASSWORD)" postgres)"
  bus=$(setting RABBITMQ_PASSWORD)
  secret rabbitmq_credentials "default_user = lazyphotos"$'\n'"default_pass = $bus"
  secret admin_bus_url "$(bus_url lazyphotos "$bus")"
  secret minio_root_user "$(setting MINIO_ROOT_USER)"
  secret minio_root_password "$(setting MINIO_ROOT_PASSWORD)"
  secret media_signing_key "$(setting LAZYPHOTOS_MEDIA_SIGNING_KEY)"
  secret grafana_admin_password "$(setting GRAFANA_PASSWORD)"
  secret tailscale_auth_key "$(setting TAILSCALE_AUTH_KEY)"
  for service in $services; do
    name=$(upper "$service") snake=${service//-/_}
    secret "${snake}_database_url" "$(database_url "lazyphotos_$snake" "$(setting "${name}_DATABASE_PASSWORD")" "$snake")"
    secret "${snake}_service_key" "$(setting "${name}_SERVICE_KEY")"
  done
  for service in $storage_services; do
    name=$(upper "$service") snake=${service//-/_}
    secret "${snake}_s3_access_key_id" "$(setting "${name}_S3_ACCESS_KEY_ID")"
    secret "${snake}_s3_secret_access_key" "$(setting "${name}_S3_SECRET_ACCESS_KEY")"
  done
  for service in $bus_services; do
    name=$(upper "$service") snake=${service//-/_}
    secret "${snake}_bus_url" "$(bus_url "lazyphotos_$snake" "$(setting "${name}_BUS_PASSWORD")")"
  done
}
