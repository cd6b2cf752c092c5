# shellcheck source=tests/cli/rest_answers
source "$CASES/../../rest_answers"
echo key >key
answer 'sessions?limit=3&group=chess%20club' '{"sessions":[
  {"uid":"alice","connection":"c1","node":"node-1","since":"2026-11-22T10:04:33.120Z","state":"attached"},
  {"uid":"alice","connection":"c2","node":"node-1","since":"2026-11-22T10:04:31.120Z","state":"attached"}],"next":"alice","missing":[]}'
answer 'sessions?limit=1&group=chess%20club&after=alice' '{"sessions":[
  {"uid":"bob","connection":"c3","node":"node-2","since":"2026-11-22T10:04:33.120Z","state":"detached"}],"next":"bob","missing":[]}'
answer 'sessions?limit=10&group=empty' '{"sessions":[],"next":null,"missing":[]}'
answer 'sessions?limit=10&group=silent' '{"sessions":[],"next":null,"missing":["node-3"]}'
rest_answers
export WSCLUSTER_CLIENT_URL=$url WSCLUSTER_SERVICE=chat WSCLUSTER_KEY_FILE=key
wscluster presence --group 'chess club' --limit 3 --insecure && echo "exit $?"
wscluster presence --group empty --limit 10 --insecure || echo "exit $?"
wscluster presence --group silent --limit 10 --insecure || echo "exit $?"
stop_rest
