# shellcheck shell=bash disable=SC2154,SC2034 # the variables of scripts/verify-arm64
# What is tried with the containers, in order. Each step fails with the end of its own log.

readonly port=28080
readonly application=(gateway auth upload catalog feed media-worker)

verify_system() {
  step setup 'Settings and secrets of a new node' set_up_node
  step compose 'Compose' start_compose
  at_exit compose down --volumes --timeout 30
  at_exit keep_container_logs
  step up 'docker compose up' start_node
  step containers 'Every service runs as arm64' look_at_containers
  step first 'Claim, upload, previews, download, feed' main_job first
  step memory 'Memory of the containers' measure_memory
  step scale 'docker compose up --scale media-worker=2' compose_up --scale media-worker=2
  step more 'Many more photos' main_job more
  step workers 'Both workers have worked' look_at_workers
  step away 'Catalog stopped: 503, and uploads go on' stop_catalog
  step back 'Catalog started again' compose_up --scale media-worker=2
  step again 'Nothing is lost, and one more photo' main_job again
  step stop 'SIGTERM: every service ends with exit code 0' stop_services
}

# A node of its own: folder, port, addresses and secrets. scripts/setup keeps what stands in .env and adds the rest;
# --force, because it does not find Docker where there is podman.
set_up_node() {
  printf '%s\n' LAZYPHOTOS_PLATFORM=linux/arm64 LAZYPHOTOS_HOST=127.0.0.1 EDGE_NETWORK=172.31.241 \
    "LAZYPHOTOS_IMAGE_PREFIX=$image_prefix" "LAZYPHOTOS_VERSION=$image_tag" "${server_settings[@]}" >"$work/.env"
  "$root/scripts/setup" --yes --force --env-file "$work/.env" --data-path "$work/node" --port "$port" \
    --public-url "http://localhost:$port"
}

keep_container_logs() {
  compose logs --no-color --timestamps >"$logs/of-containers.log"
}

start_node() {
  compose config --quiet
  compose_up
}

# Each service is healthy, runs as arm64, is not root and cannot write to its own files.
look_at_containers() {
  local service container said
  for service in "${application[@]}"; do
    container=$(compose ps --quiet "$service")
    said=$("$engine" inspect --format '{{.State.Health.Status}} {{.HostConfig.ReadonlyRootfs}}' "$container")
    said+=" $("$engine" exec "$container" node -p 'process.arch + " " + process.getuid()')"
    echo "$service: $said"
    [ "$said" = 'healthy true arm64 1000' ]
    if "$engine" exec "$container" touch /app/written; then die "$service can write to /app"; fi
  done
}

# main_job <phase>: see main-job.mjs.
main_job() {
  local code
  code=$(compose logs --no-color --no-log-prefix auth | sed -n 's/^Claim code of this node: //p' | tail -n 1)
  SERVER=http://localhost:$port CLAIM_CODE=$code FOLDER=$work/client FACTS=$work/facts.tsv \
    run_node "$root/scripts/arm64/main-job.mjs" "$1"
}

# Both replicas of the media worker have made previews: each one's own counter says so.
look_at_workers() {
  local container processed counts=()
  for container in $(compose ps --quiet media-worker); do
    processed=$("$engine" exec "$container" node -e "
      const text = await (await fetch('http://127.0.0.1:9090/metrics')).text();
      console.log(/^lazyphotos_media_processed_total\{.*outcome=\"ready\".*\} (\d+)/m.exec(text)?.[1] ?? 0)")
    echo "$container: $processed photos"
    [ "$processed" -gt 0 ]
    counts+=("$processed")
  done
  [ "${#counts[@]}" = 2 ]
  fact workers "${counts[*]}"
}

# What the processes of each container have in memory, each shared page by its share.
measure_memory() {
  local container name bytes
  for container in $(compose ps --quiet); do
    name=$("$engine" inspect --format '{{index .Config.Labels "com.docker.compose.service"}}' "$container")
    bytes=$(memory_of "$container")
    echo "$name: $bytes"
    fact "memory.$name" "$((bytes / 1000000))"
  done
}

# memory_of <container>: podman itself cannot tell without control groups; a container's processes are those of its process namespace.
memory_of() {
  local first namespace process
  if [ "$engine" = docker ]; then
    docker stats --no-stream --format '{{.MemUsage}}' "$1" | cut -d / -f 1 | tr -d ' ' | numfmt --from=iec-i --suffix=B | tr -d B
    return
  fi
  first=$(podman inspect --format '{{.State.Pid}}' "$1")
  namespace=$(readlink "/proc/$first/ns/pid")
  for process in /proc/[0-9]*; do
    [ "$(readlink "$process/ns/pid")" != "$namespace" ] || cat "$process/smaps_rollup"
  done 2>/dev/null | awk '/^Pss:/ { kilobytes += $2 } END { print kilobytes * 1024 }'
}

stop_catalog() {
  compose stop catalog
  main_job away
}

stop_services() {
  local service container code
  compose stop "${application[@]}"
  for container in $(compose ps --all --quiet "${application[@]}"); do
    service=$("$engine" inspect --format '{{.Name}}' "$container")
    code=$("$engine" inspect --format '{{.State.ExitCode}}' "$container")
    echo "$service: $code"
    [ "$code" = 0 ]
  done
}

# For --keep.
keep_running() {
  step start 'docker compose up, to stay' compose_up
  echo "The node is at http://localhost:$port until Ctrl-C; its settings are in $work/.env."
  sleep infinity &
  wait $!
}
