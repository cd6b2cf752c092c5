wscluster ring drain node-1 --cluster draining --yes --settle 1s --progress none --detach
wscluster ring drain node-1 --cluster draining --yes --progress none | head -1
wscluster ring remove node-1 --cluster draining --yes --progress none | head -1
for _ in $(seq 100); do
    [[ $(wscluster ring show --cluster draining --json | jq '[.nodes[] | select(.weight)] | length') == 2 ]] && break
    sleep 0.1
done
wscluster ring show --cluster draining --json | jq -c '[.nodes[] | select(.weight) | .name]'
wscluster ring history --cluster draining --json | jq -c '.changes[] | [.to_epoch, .action, .node, .state]'
