echo key >key
cat >c.yaml <<'Y'
cluster: {key_file: key}
listen: 192.0.2.1:80
tls:
  cert_file: key
link:
  dead_after: 1s
redis:
  lease: 1s
services:
  chat: {auth: insecure}
  news: {}
Y
wscluster config check c.yaml
