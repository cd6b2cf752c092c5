wscluster ring show --cluster still -o json | jq -c 'del(.nodes[] | .last_seen)'
