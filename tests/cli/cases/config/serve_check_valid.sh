cat >c.yaml <<'Y'
link: {plain: true}
services:
  chat: {auth: insecure}
Y
wscluster serve-node --check -c c.yaml --name node-7 && wscluster serve-gateway --check -c c.yaml
