# shellcheck shell=bash disable=SC2154,SC2034 # the variables of scripts/verify-arm64
# Stand-ins for PostgreSQL, RabbitMQ and MinIO, where no registry responds. Their files are in deploy/stand-ins; an image is
# made again when they change.

# make_infrastructure: sets server_settings, by which docker-compose.arm64.yml takes other images.
make_infrastructure() {
  local minio postgres_image rabbitmq_image minio_image
  minio=$(go_tool minio linux arm64)
  postgres_image=$(make_stand_in postgres linux/arm64)
  # Erlang's compiler does not get along with qemu (segmentation fault at start), so RabbitMQ alone is not for arm64.
  rabbitmq_image=$(make_stand_in rabbitmq linux/amd64)
  minio_image=$(make_stand_in minio linux/arm64 "$minio")
  server_settings=(
    "POSTGRES_IMAGE=$postgres_image"
    "RABBITMQ_IMAGE=$rabbitmq_image" RABBITMQ_PLATFORM=linux/amd64
    "MINIO_IMAGE=$minio_image"
  )
  fact postgres "$(version_in "$postgres_image" 'postgresql-[0-9]*')"
  fact rabbitmq "$(version_in "$rabbitmq_image" rabbitmq-server)"
}

# version_in <image> <Debian package>: without Debian's own suffixes.
version_in() {
  podman run --rm --pull=never --network none --entrypoint dpkg-query "$1" --show --showformat '${Version}' "$2" |
    sed 's/[-+].*//'
}

# make_stand_in <name> <platform> [<file>...]: builds deploy/stand-ins/<name>, with more files in its context; prints the
# image's name.
make_stand_in() {
  local name=$1 platform=$2 context=$work/stand-in-$1 image
  shift 2
  mkdir "$context"
  cp "$root/deploy/stand-ins/$name"/* "$@" "$context"
  image=localhost/stand-in/$name:$debian_release-${platform#linux/}-$(fingerprint "$context")
  if ! podman image exists "$image"; then
    buildah bud --isolation chroot --network host --format docker --pull-never --layers=false \
      --platform "$platform" --build-arg "RUNTIME_IMAGE=$runtime_image" --tag "$image" "$context" >&2
    fact made.servers yes
  fi
  rm -r "$context"
  echo "$image"
}

# fingerprint <folder>: changes with the content of its files.
fingerprint() {
  (cd "$1" && sha256sum -- * | sha256sum | cut -c 1-12)
}

# go_tool <name> [<os> <arch>]: prints the path of a program built with Go.
go_tool() {
  run_node "$root/scripts/arm64/go-tool.mjs" "$@"
}
