# Made of a request, since 'req -x509' takes no negative days.
certificate() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1.example" -keyout "$1.key" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -signkey "$1.key" -days "$2" -out "$1.pem"
}
certificate soon 3 2>/dev/null
certificate late -1 2>/dev/null
cat >c.yaml <<'Y'
link: {plain: true}
tls:
  cert_file: soon.pem
  key_file: soon.key
  certificates: [{cert_file: late.pem, key_file: late.key}]
services: {chat: {auth: insecure}}
Y
wscluster config check c.yaml | sed -E 's/20[0-9]{2}-[0-9T:.-]+Z/DATE/'
wscluster config check --strict c.yaml >/dev/null
echo "strict: $?"
