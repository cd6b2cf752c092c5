echo nonsense >cert.pem
echo nonsense >key.pem
cat >c.yaml <<'Y'
link: {plain: true}
tls: {cert_file: cert.pem, key_file: key.pem}
services:
  chat: {auth: insecure}
Y
wscluster config check c.yaml
