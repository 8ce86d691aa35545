# shellcheck shell=bash disable=SC2154 # the variables of scripts/verify-clients
# A node of the script's own, in $work.

picture=$root/packages/testkit/samples/good/jpeg/plain.jpg
start_seconds=600

free_port() {
  node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}

# The smallest chunks, so that a picture of a few megabytes has several.
start_node() {
  local port
  port=$(free_port)
  url=http://localhost:$port
  cd "$work"
  LAZYPHOTOS_PORT=$port LAZYPHOTOS_METRICS_PORT=$(free_port) LAZYPHOTOS_HOST=127.0.0.1 LAZYPHOTOS_DATA_DIR=$work/data \
    LAZYPHOTOS_PUBLIC_URL=$url LAZYPHOTOS_CHUNK_BYTES=5242880 \
    node "$root/scripts/start.mjs" >"$logs/node-output.log" 2>&1 &
  node_pid=$!
  at_exit stop_node
  cd "$root"
  local end=$((SECONDS + start_seconds))
  until grep -q 'Ctrl-C stops it' "$logs/node-output.log"; do
    if ! kill -0 "$node_pid" 2>/dev/null || [ $SECONDS -gt $end ]; then
      cat "$logs/node-output.log"
      die 'The node has not started.'
    fi
    sleep 0.5
  done
}

stop_node() {
  [ -n "${node_pid:-}" ] || return 0
  local pid=$node_pid
  node_pid=
  kill "$pid" 2>/dev/null || true
  wait "$pid" || true
}
