wscluster ring wait --cluster aborting -q
epoch=$(wscluster ring show --cluster aborting --json | jq .epoch)
wscluster ring drain node-2 --cluster aborting --yes --settle 60s --detach -q
wscluster ring abort --cluster aborting --yes --settle 1s --detach -q
wscluster ring abort --cluster aborting --progress none -o json 2>attached | jq -c --argjson e "$epoch" '[.action, .node, .changed, .to_epoch - $e]'
sed 's/epoch [0-9]*/epoch N/' attached
wscluster ring wait --cluster aborting -q
wscluster ring show --cluster aborting --json | jq -c '[.nodes[] | .weight]'
