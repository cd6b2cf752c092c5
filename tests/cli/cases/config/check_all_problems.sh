cat >node.yaml <<'Y'
log:
  level: info
limits:
  max_conections: 10
redis:
  timeout: 5 sec
  heartbeat: 1
drain: {rate: 500}
cores: two
listen: 8080
services:
  Chat: {}
  chat:
    hold: soon
    raw: ecko
log: {}
Y
WSCLUSTER_LOGLEVEL=debug wscluster config check node.yaml
