wscluster ring weight node-1 2 --cluster draining --yes --settle 1s --progress none | head -1
wscluster ring drain node-1 --cluster draining --yes --settle 1s --progress none | head -1
wscluster ring drain node-1 --cluster draining --yes
wscluster ring weight node-1 3 --cluster draining --yes
sleep 1
wscluster ring show --cluster draining --json | jq -c '[.epoch, (.nodes[] | select(.name == "node-1") | .weight, .owned_ratio)]'
