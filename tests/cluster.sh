# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# A private cluster of real processes for tests that inject faults or bring clients of their own: Redis, three nodes in the
# ring, one that stands by, and gateways with TLS. Pids are kept in files, so that each step may run in a shell of its own.
# Wants $binary, $place and a function config [URL] that prints the configuration.

wscluster() { WSCLUSTER_CONFIG=$place/wscluster.yaml "$binary" "$@"; }
redis() { redis-cli -s "$place/redis.sock" "$@"; }

pid_of() { cat "$place/$1.pid"; }
is_alive() { [[ -s $place/$1.pid ]] && kill -0 "$(pid_of "$1")" 2> /dev/null; }
# signal NAME SIGNAL
signal() { kill -s "$2" "$(pid_of "$1")"; }

# start NAME COMMAND...: in the background, its output in NAME.log.
start() {
  local name=$1
  shift
  WSCLUSTER_CONFIG=$place/wscluster.yaml "$@" >> "$place/$name.log" 2>&1 < /dev/null &
  echo $! > "$place/$name.pid"
  # Its end is expected, however it comes.
  disown
}

# port NAME KIND: of its port file.
port() { awk -v kind="$2" '$1 == kind {print $2}' "$place/$1.ports"; }

# until_true SECONDS WHAT COMMAND...
until_true() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    if ((SECONDS >= deadline)); then
      printf '%s was awaited in vain\n' "$what" >&2
      return 1
    fi
    sleep 0.1
  done
}

# write_config [URL]: at once, since somebody may be reading it.
write_config() { config "$@" > "$place/wscluster.yaml.new" && mv "$place/wscluster.yaml.new" "$place/wscluster.yaml"; }

make_keys() {
  openssl rand -hex 32 > "$place/cluster.key"
  openssl rand -hex 32 > "$place/access.key"
  chmod 600 "$place/cluster.key" "$place/access.key"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=wscluster test" \
    -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" -keyout "$place/key.pem" -out "$place/cert.pem" 2> "$place/openssl.log"
}

redis_answers() { redis ping > /dev/null 2>&1; }
start_redis() {
  start redis redis-server --port 0 --unixsocket "$place/redis.sock" --unixsocketperm 600 --save "" --appendonly no \
    --dir "$place"
  until_true 10 "Redis" redis_answers
}

serve() {  # ROLE NAME ARGUMENTS...
  local role=$1 name=$2
  shift 2
  start "$name" "$binary" "serve-$role" --name "$name" --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --cores 1 \
    --log-format text --port-file "$place/$name.ports" "$@"
}
start_node() { serve node "$@"; }  # NAME ARGUMENTS...
start_gateway() { serve gateway "$1" --tls-cert "$place/cert.pem" --tls-key "$place/key.pem"; }

ring_is_quiet() {  # NODES_THAT_ARE_UP
  wscluster ring show -o json > "$place/ring.json" 2> /dev/null || return
  ! grep -q '"change": {' "$place/ring.json" && (($(grep -c '"state": "up"' "$place/ring.json") >= $1))
}

# start_members GATEWAY...: node-1, node-2 and node-3, node-4 that stands by, and these.
start_members() {
  local name
  make_keys && write_config && start_redis || return
  for name in node-1 node-2 node-3; do start_node "$name"; done
  start_node node-4 --standby
  for name in "$@"; do start_gateway "$name"; done
  for name in node-1 node-2 node-3 node-4 "$@"; do until_true 20 "$name" test -s "$place/$name.ports" || return; done
  write_config "$(port "$1" clients)"
  until_true 30 "that the ring is complete" ring_is_quiet 3 && wscluster ring wait --timeout 30s > /dev/null 2>&1
}

# Everything ends at once; all of it has been started here.
stop_cluster() {
  local file
  for file in "$place"/*.pid; do
    [[ -s $file ]] && kill -KILL "$(cat "$file")" 2> /dev/null
  done
  return 0
}
