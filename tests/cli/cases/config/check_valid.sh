cat >c.yaml <<'Y'
redis:
  url: redis://127.0.0.1:6379/0
Y
wscluster config check c.yaml
