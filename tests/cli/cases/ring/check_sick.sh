wscluster ring check --cluster sick | sed "s/[0-9.]* ms/MS/"
wscluster ring check --cluster sick -o json | jq -c "[.ok, .problems, (.checks[] | select(.ok | not) | .name)]"
wscluster ring check --cluster sick -q >/dev/null
