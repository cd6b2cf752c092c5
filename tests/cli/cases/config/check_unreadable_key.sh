cat >c.yaml <<'Y'
cluster:
  key_file: /nonexistent/cluster.key
services:
  chat:
    key_files: [chat.key]
Y
wscluster config check c.yaml
