#!/bin/bash
# As the official image: RABBITMQ_DEFAULT_* become settings, and the server runs as its own user. What is mounted into
# /etc/rabbitmq/conf.d is read by the server itself.
set -euo pipefail

write_defaults() {
  local name value
  echo 'log.console = true'
  for name in USER PASS VHOST; do
    value=RABBITMQ_DEFAULT_$name
    [ -z "${!value:-}" ] || echo "default_${name,,} = ${!value}"
    unset "$value"
  done
}

if [ "$1" = rabbitmq-server ] && [ "$(id -u)" = 0 ]; then
  write_defaults >/etc/rabbitmq/conf.d/10-defaults.conf
  chown -R rabbitmq:rabbitmq /var/lib/rabbitmq
  exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups "$@"
fi
exec "$@"
