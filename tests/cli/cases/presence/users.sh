# shellcheck source=tests/cli/rest_answers
source "$CASES/../../rest_answers"
echo key >key
answer users/alice/sessions '{"uid":"alice","node":"node-1","sessions":[
  {"uid":"alice","connection":"c1","node":"node-1","since":"2026-11-22T10:04:33.120Z","state":"attached"},
  {"uid":"alice","connection":"c2","node":"node-1","since":"2026-11-22T10:04:31.120Z","state":"detached"},
  {"uid":"alice","connection":"c3","node":"node-1","since":"2026-11-22T10:00:00.000Z","state":"closing"}]}'
answer users/bob/sessions '{"uid":"bob","node":null,"sessions":[]}'
rest_answers
export WSCLUSTER_CLIENT_URL=$url WSCLUSTER_SERVICE=chat WSCLUSTER_KEY_FILE=key
wscluster presence alice --insecure && echo "exit $?"
wscluster presence alice bob --insecure -o wide || echo "exit $?"
wscluster presence bob --insecure -o jsonl || echo "exit $?"
wscluster presence alice bob --insecure -o json | jq -c '[.schema, .service, .group, .present, .absent, .has_more, .missing]'
stop_rest
