for name in one two; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=$name -days 2 \
        -keyout $name.key -out $name.crt 2>/dev/null
done
cat >c.yaml <<'Y'
link: {plain: true}
tls:
  cert_file: one.crt
  key_file: two.key
services:
  chat: {auth: insecure}
Y
wscluster config check c.yaml
