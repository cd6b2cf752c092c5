cat >c.yaml <<'Y'
redis:
  lease: 1s
Y
wscluster config check c.yaml
