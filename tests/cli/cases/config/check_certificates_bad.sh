openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj /CN=a.example -keyout a.key -out a.pem 2>/dev/null
openssl ecparam -name prime256v1 -genkey -noout -out other.key
head -c 200 a.pem >half.pem
mkdir folder
cat >c.yaml <<'Y'
link: {plain: true}
tls:
  certificates:
    - {cert_file: a.pem, key_file: a.key}
    - {cert_file: a.pem, key_file: other.key}
    - {cert_file: folder, key_file: a.key}
    - {cert_file: half.pem, key_file: a.key}
    - {cert_file: absent.pem, key_file: a.key}
services:
  chat: {auth: insecure}
Y
wscluster config check c.yaml
