echo secret >redis.pass
cat >c.yaml <<'Y'
redis:
  password_file: redis.pass
  lease: 9s
limits:
  max_connections: 2k
services:
  chat: {hold: 3s}
Y
WSCLUSTER_REDIS_URL=redis://10.0.0.5:6379/0 wscluster config show -c c.yaml --cluster prod --changed | sed "s|$PWD|.|g"
