# shellcheck source=tests/cli/rest_answers
source "$CASES/../../rest_answers"
echo key >key
answer 'users/alice/sessions' '{"schema":"wscluster/session-show/v1","uid":"alice","node":"node-1","epoch":3,"held_messages":2,
  "held_bytes":2048,"sessions":[]}'
rest_answers
export WSCLUSTER_CLIENT_URL=$url WSCLUSTER_SERVICE=chat WSCLUSTER_KEY_FILE=key
wscluster session show alice --insecure
echo $?
wscluster session evict alice --dry-run --insecure
echo $?
stop_rest
