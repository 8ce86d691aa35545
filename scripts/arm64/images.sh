# shellcheck shell=bash disable=SC2154,SC2034 # the variables of scripts/verify-arm64
# The images of the six services and of provisioning, for linux/arm64: built by deploy/Dockerfile, then looked at.

readonly image_prefix=localhost/verify/
readonly image_tag=arm64

# choose_images: real base images and servers where a registry answers, stand-ins elsewhere. Sets build_options for the
# builds and server_settings for .env; what they leave out is as deploy/Dockerfile and docker-compose.arm64.yml have it.
choose_images() {
  build_options=()
  if registry_answers; then
    fact stand-ins no
    server_settings=()
    # Erlang's compiler does not get along with qemu: see infrastructure.sh.
    [ "$(uname -m)" = aarch64 ] || server_settings=(RABBITMQ_PLATFORM=linux/amd64)
    return 0
  fi
  [ "$engine" = podman ] || die 'No registry answers, and the stand-ins for its images can only be made with podman.'
  fact stand-ins yes
  step bases 'Base images: Debian and Node.js' make_bases
  step servers 'Servers: PostgreSQL, RabbitMQ, MinIO' make_infrastructure
  build_options=(--pull-never --build-arg "NODE_IMAGE=$node_image" --build-arg "RUNTIME_IMAGE=$runtime_image")
}

build_all_images() {
  local service
  for service in "${services[@]}"; do
    step "build-$service" "Image of $service" build_image "$service"
    step "look-$service" "  runs as arm64" look_at_image "$service"
  done
  step build-stage 'What was compiled, was compiled without emulation' look_at_build_stage
}

image_of() {
  echo "${image_prefix}lazyphotos-$1:$image_tag"
}

# build_image <service> [<option>...]
build_image() {
  local service=$1
  shift
  build "$(image_of "$service")" --build-arg "SERVICE=$service" "$@"
}

# build <image> <option>...: buildah knows the platforms of FROM --platform only when told, and says nothing when it takes
# the wrong one. Its own isolation would put the build into another control group.
build() {
  local image=$1 native
  shift
  if [ "$engine" = docker ]; then
    docker buildx build --load --platform linux/arm64 --file "$root/deploy/Dockerfile" --tag "$image" "$@" "$root"
    return
  fi
  native=linux/$(dpkg --print-architecture)
  buildah bud --isolation chroot --network host --format docker --layers \
    --platform linux/arm64 --build-arg TARGETPLATFORM=linux/arm64 --build-arg "BUILDPLATFORM=$native" \
    "${build_options[@]}" --file "$root/deploy/Dockerfile" --tag "$image" "$@" "$root"
}

# look_at_image <service>: says arm64 on its label and when it runs, and is not root.
look_at_image() {
  local service=$1 image user said
  image=$(image_of "$service")
  [ "$("$engine" image inspect --format '{{.Architecture}}' "$image")" = arm64 ]
  user=$("$engine" image inspect --format '{{.Config.User}}' "$image")
  [[ $user =~ ^[1-9] ]]
  said=$("$engine" run --rm --pull=never --platform linux/arm64 --network none "$image" \
    node -p 'process.arch + " " + process.version')
  echo "process.arch: $said, user $user"
  [[ $said = arm64\ * ]]
  fact "image.$service.megabytes" "$(megabytes_of "$image")"
  fact node "${said#arm64 }"
}

megabytes_of() {
  local bytes
  bytes=$("$engine" image inspect --format '{{.Size}}' "$1")
  echo $((bytes / 1000000))
}

# The stage that installs and compiles has this machine's own architecture. It is in the cache by now.
look_at_build_stage() {
  local image=${image_prefix}build-stage said
  build "$image" --target build --build-arg "SERVICE=${services[0]}"
  said=$("$engine" run --rm --pull=never --network none "$image" node -p process.arch)
  echo "process.arch: $said"
  [ "$said" = "$(node -p process.arch)" ]
  fact build-stage "$said"
  "$engine" rmi "$image"
}
