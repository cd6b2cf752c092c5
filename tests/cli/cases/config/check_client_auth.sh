openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj /CN=a.example -keyout a.key -out a.pem 2>/dev/null
echo nonsense >ca.pem
check() {
  printf 'link: {plain: true}\ntls: {cert_file: a.pem, key_file: a.key, %s}\nservices: {chat: {auth: insecure}}\n' "$1" >c.yaml
  wscluster config check c.yaml
}
check 'client_auth: required'
check 'client_ca_file: a.pem'
check 'client_auth: sometimes'
check 'client_auth: optional, client_ca_file: ca.pem'
check 'client_auth: optional, client_ca_file: a.pem, client_crl_file: ca.pem'
check 'client_auth: optional, client_ca_file: a.pem'
