echo key >key
cat >c.yaml <<'Y'
cluster: {key_file: key}
http_session:
  kind: generic
  key: sess
  attribute: userId
services:
  shop:
    auth: session
    origins: ['https://shop.example.org']
Y
wscluster config check c.yaml
sed -i 's/kind: generic/kind: off/' c.yaml
wscluster config check c.yaml
cat >c.yaml <<'Y'
cluster: {key_file: key}
http_session:
  kind: spring
  redis_url: rediss://sessions@redis.example.org/2
  redis_password_file: none
services:
  shop: {auth: session, origins: ['https://shop.example.org'], missing_origin: refuse}
Y
wscluster config check c.yaml
echo secret >none
wscluster config check c.yaml
