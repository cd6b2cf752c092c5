# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# A private cluster of real processes for tests/faults/run: Redis, two gateways with TLS, three nodes in the ring and one that
# stands by. Pids are kept in files, so that a fault may run in a shell of its own. Wants $binary, $relay and $place.

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
      printf 'tests/faults: %s was awaited in vain\n' "$what" >&2
      return 1
    fi
    sleep 0.1
  done
}

write_config() {
  cat > "$place/wscluster.yaml" << END
cluster: {name: faults, key_file: $place/cluster.key}
redis: {url: "unix://$place/redis.sock", heartbeat: 500ms, lease: 2s}
services:
  chat: {paths: [/ws], auth: jwt, key_files: [$place/access.key]}
client: {url: "https://${1:-127.0.0.1:1}", ca_file: $place/cert.pem}
END
}

make_keys() {
  openssl rand -hex 32 > "$place/cluster.key"
  openssl rand -hex 32 > "$place/access.key"
  chmod 600 "$place/cluster.key" "$place/access.key"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=wscluster faults" \
    -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" -keyout "$place/key.pem" -out "$place/cert.pem" 2> "$place/openssl.log"
}

redis_answers() { redis ping > /dev/null 2>&1; }
start_redis() {
  start redis redis-server --port 0 --unixsocket "$place/redis.sock" --unixsocketperm 600 --save "" --appendonly no \
    --dir "$place"
  until_true 10 "Redis" redis_answers
}

# start_relay NAME TARGET: $place/NAME.ports tells where it listens, and $place/NAME.control what it does.
start_relay() {
  echo pass > "$place/$1.control"
  start "$1" "$relay" "$2" "$place/$1.ports" "$place/$1.control"
  until_true 5 "the relay $1" test -s "$place/$1.ports"
}
# relay_does NAME MODE [PID...]: pass, cut or a delay in milliseconds; with pids only for connections of those processes.
relay_does() {
  local name=$1
  shift
  echo "$*" > "$place/$name.control.new"
  mv "$place/$name.control.new" "$place/$name.control"
}

serve() {  # ROLE NAME ARGUMENTS...
  local role=$1 name=$2
  shift 2
  start "$name" "$binary" "serve-$role" --name "$name" --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --cores 1 \
    --log-format text --port-file "$place/$name.ports" "$@"
}

# A free port: a relay has to be told the target before the node listens there.
free_port() {
  local candidate
  while candidate=$((20000 + RANDOM % 12000)); (exec 3<> "/dev/tcp/127.0.0.1/$candidate") 2> /dev/null; do :; done
  echo "$candidate"
}

start_node() {  # NAME ARGUMENTS...
  local name=$1 link=127.0.0.1:0 redis_url=unix://$place/redis.sock more=()
  shift
  if ((with_relays)); then
    [[ -s $place/$name.link ]] || echo "127.0.0.1:$(free_port)" > "$place/$name.link"
    link=$(cat "$place/$name.link")
    is_alive "links-$name" || start_relay "links-$name" "$link"
    is_alive "redis-$name" || start_relay "redis-$name" "$place/redis.sock"
    redis_url=redis://$(port "redis-$name" relay)/0
    more=(--link-advertise "$(port "links-$name" relay)")
  fi
  serve node "$name" --link-listen "$link" --redis "$redis_url" "${more[@]}" "$@"
}
start_gateway() { serve gateway "$1" --tls-cert "$place/cert.pem" --tls-key "$place/key.pem"; }

ring_is_quiet() {  # NODES_THAT_ARE_UP
  wscluster ring show -o json > "$place/ring.json" 2> /dev/null || return
  ! grep -q '"change": {' "$place/ring.json" && (($(grep -c '"state": "up"' "$place/ring.json") >= $1))
}

# start_cluster [relays]
start_cluster() {
  with_relays=0
  if [[ ${1:-} == relays ]]; then with_relays=1; fi
  make_keys
  write_config
  start_redis
  for name in node-1 node-2 node-3; do start_node "$name"; done
  start_node node-4 --standby
  start_gateway gateway-1
  start_gateway gateway-2
  until_true 20 "gateway-1" test -s "$place/gateway-1.ports"
  until_true 20 "gateway-2" test -s "$place/gateway-2.ports"
  write_config "$(port gateway-1 clients)"
  until_true 30 "that the ring is complete" ring_is_quiet 3
  wscluster ring wait --timeout 30s > /dev/null 2>&1
}

# What each process that is alive has counted: NAME.metrics.
keep_metrics() {
  local name admin
  for name in node-1 node-2 node-3 node-4 gateway-1 gateway-2; do
    is_alive "$name" || continue
    admin=$(port "$name" admin)
    exec 3<> "/dev/tcp/${admin%:*}/${admin##*:}" || continue
    printf 'GET /metrics HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$admin" >&3
    cat <&3 > "$place/$name.metrics"
    exec 3>&-
  done
}

# Everything ends at once; all of it has been started here.
stop_cluster() {
  local file
  for file in "$place"/*.pid; do
    [[ -s $file ]] && kill -KILL "$(cat "$file")" 2> /dev/null
  done
  return 0
}
