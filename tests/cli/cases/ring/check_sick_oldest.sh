# shellcheck source=tests/cli/rest_answers
source "$CASES/../../rest_answers"
echo key >key
answer 'sessions?limit=1000&node=node-2&misplaced=true' '{"sessions":[
  {"uid":"alice","owner":"node-1","misplaced_seconds":5.1},
  {"uid":"bob","owner":"node-1","misplaced_seconds":244.7}],"next":null,"missing":[]}'
rest_answers
wscluster ring check --cluster sick --url "$url" --insecure --key-file key | grep -A1 sessions
stop_rest
