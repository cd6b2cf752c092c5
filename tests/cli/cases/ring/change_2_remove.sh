wscluster ring remove node-1 --cluster moving --yes --settle 1s --progress none -o json | jq -c 'del(.moves, .started_at, .finished_at, .gap_seconds)'
