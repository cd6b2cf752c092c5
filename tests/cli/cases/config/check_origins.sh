cat >c.yaml <<'Y'
link: {plain: true}
services:
  chat:
    auth: insecure
    origins: ['https://app.example.org', 'app.example.org', 'https://*']
  news:
    auth: insecure
    missing_origin: refuse
Y
wscluster config check c.yaml
