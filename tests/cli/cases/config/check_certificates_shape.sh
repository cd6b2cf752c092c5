for list in '[]' 'a.pem' '[a.pem]' '[{cert_file: a.pem}]' '[{cert_file: a.pem, key_file: a.key, name: x}]'; do
  printf 'link: {plain: true}\ntls: {certificates: %s}\nservices: {chat: {auth: insecure}}\n' "$list" >c.yaml
  wscluster config check c.yaml
done
WSCLUSTER_TLS_CERTIFICATES=a.pem wscluster serve-node --check
