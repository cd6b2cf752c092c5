# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# The private cluster of tests/faults/run: tests/cluster.sh with two gateways, and relays for links and Redis where a fault
# wants them. Wants $root, $binary, $relay and $place.

# shellcheck source=tests/cluster.sh
source "$root/tests/cluster.sh"

config() {
  cat << END
cluster: {name: faults, key_file: $place/cluster.key}
redis: {url: "unix://$place/redis.sock", heartbeat: 500ms, lease: 2s}
services:
  chat: {paths: [/ws], auth: jwt, key_files: [$place/access.key]}
client: {url: "https://${1:-127.0.0.1:1}", ca_file: $place/cert.pem}
END
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

# start_cluster [relays]
start_cluster() {
  with_relays=0
  if [[ ${1:-} == relays ]]; then with_relays=1; fi
  start_members gateway-1 gateway-2
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
