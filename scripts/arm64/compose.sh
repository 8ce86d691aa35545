# shellcheck shell=bash disable=SC2154,SC2034 # the variables of scripts/verify-arm64
# The real Compose, on Docker or on podman's service, with docker-compose.arm64.yml itself.

readonly project=lazyphotos-verify

# compose <argument>...: never touches a node that is already running on this machine: project, folder and port are of this run.
compose() {
  "${compose_command[@]}" --project-name "$project" --env-file "$work/.env" --file "$root/docker-compose.arm64.yml" "$@"
}

# start_compose: sets compose_command.
start_compose() {
  local program
  if [ "$engine" = docker ]; then
    compose_command=(docker compose)
    fact compose "$(docker compose version --short)"
    return
  fi
  program=$(go_tool docker-compose)
  compose_command=("$program")
  # Its folder is <name>-v<version>; built by us, it calls itself "dev".
  fact compose "$(basename "$(dirname "$program")" | sed 's/.*-v//')"
  export DOCKER_HOST=unix://$work/podman.sock
  podman system service --time=0 "$DOCKER_HOST" >"$logs/podman-service.log" 2>&1 9>&- &
  at_exit kill $!
  probe_health >"$logs/health.log" 2>&1 9>&- &
  at_exit kill $!
}

# podman leaves health checks to systemd's timers. In their place this asks every container that is not healthy yet.
probe_health() {
  local container
  while sleep 3; do
    for container in $(unhealthy_containers); do
      podman healthcheck run "$container" || true
    done
  done
}

unhealthy_containers() {
  local state
  for state in starting unhealthy; do
    podman ps --quiet --filter "label=com.docker.compose.project=$project" --filter "health=$state" || true
  done
}

# compose_up <option>...: Compose takes the networks of podman's containers for others than its own, and would make the
# containers anew each time.
compose_up() {
  local kept=()
  [ "$engine" = docker ] || kept=(--no-recreate)
  compose up --detach --wait --wait-timeout 900 --no-build "${kept[@]}" "$@"
}
