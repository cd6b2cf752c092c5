# shellcheck source=tests/cli/rest_answers
source "$CASES/../../rest_answers"
echo key >key
answer 'sessions?limit=3' '{"sessions":[
  {"uid":"alice","connection":"c1","node":"node-1","edge":"gateway-1","via":"gateway","since":"2026-11-22T10:04:31.120Z",
   "state":"attached","owner":"node-1","in_flight_messages":1,"in_flight_bytes":2048,"waiting_messages":0,"waiting_bytes":0,
   "life":"00000000000000ff"}],"next":"bob","missing":["node-3"]}'
answer 'sessions?limit=2&after=bob' '{"sessions":[
  {"uid":"carol","connection":"c2","node":"node-2","edge":null,"via":null,"since":"2026-11-22T10:04:32.120Z",
   "state":"detached","owner":"node-1","in_flight_messages":0,"in_flight_bytes":0,"waiting_messages":1200,"waiting_bytes":3000000,
   "life":"00000000000000fe"}],"next":null,"missing":["node-3"]}'
rest_answers
export WSCLUSTER_CLIENT_URL=$url WSCLUSTER_SERVICE=chat WSCLUSTER_KEY_FILE=key
wscluster session list --limit 3 --insecure
wscluster session list --limit 3 --insecure -o wide --no-headers
wscluster session list --limit 3 --insecure -o json | jq -c '[.schema, (.sessions | length), .next, .missing]'
stop_rest
