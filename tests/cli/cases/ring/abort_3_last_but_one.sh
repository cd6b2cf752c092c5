wscluster ring wait --cluster aborting -q
epoch=$(wscluster ring show --cluster aborting --json | jq .epoch)
wscluster ring weight node-1 2 --cluster aborting --yes --settle 60s --detach -q
wscluster ring weight node-2 2 --cluster aborting --yes --settle 60s --detach -q
wscluster ring weight node-2 3 --cluster aborting --yes --settle 60s --detach -q
wscluster ring abort $((epoch + 1)) --cluster aborting --yes --detach -q
wscluster ring abort $((epoch + 2)) --cluster aborting --yes --detach -q 2>&1 | sed 's/epoch [0-9]*/epoch N/'
wscluster ring show --cluster aborting --json | jq -c '[.nodes[] | .weight]'
