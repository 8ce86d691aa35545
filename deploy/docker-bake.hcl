# All images, for both processors, with one command from the root of the repository:
#   docker buildx bake --file deploy/docker-bake.hcl --push
# One of them, for this machine: docker buildx bake --file deploy/docker-bake.hcl catalog --set '*.platform=' --load

# What stands before lazyphotos-<service>, such as registry.example.org/somebody/
variable "LAZYPHOTOS_IMAGE_PREFIX" {
  default = ""
}

# The tag, and the version that the image says it is.
variable "LAZYPHOTOS_VERSION" {
  default = "0.1.0"
}

variable "REVISION" {
  default = "unknown"
}

variable "SOURCE" {
  default = "unknown"
}

group "default" {
  targets = ["image"]
}

target "image" {
  matrix = {
    service = ["gateway", "auth", "upload", "catalog", "feed", "media-worker", "provision"]
  }
  name       = service
  context    = "."
  dockerfile = "deploy/Dockerfile"
  platforms  = ["linux/arm64", "linux/amd64"]
  tags       = ["${LAZYPHOTOS_IMAGE_PREFIX}lazyphotos-${service}:${LAZYPHOTOS_VERSION}"]
  args = {
    SERVICE  = service
    VERSION  = LAZYPHOTOS_VERSION
    REVISION = REVISION
    SOURCE   = SOURCE
  }
}
