wscluster ring add node-4 --cluster aborting --yes --settle 60s --detach
wscluster ring abort --cluster aborting --yes --dry-run -o json | jq -c '[.action, .node, .to_epoch, (.moves | length)]'
wscluster ring abort --cluster aborting --yes --settle 1s --progress none --json | jq -c '[.action, .node, .changed, .aborts, .state, .to_epoch]'
wscluster ring abort 2 --cluster aborting --yes
wscluster ring watch 2 --cluster aborting | head -1
wscluster ring history --cluster aborting -n 3 --json | jq -c '.changes[] | select(.to_epoch < 4) | [.to_epoch, .action, .state, .aborted_by]'
