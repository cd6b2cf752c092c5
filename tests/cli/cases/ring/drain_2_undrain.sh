wscluster ring undrain node-1 --cluster draining --yes --settle 1s --progress none --json | jq -c '[.action, .node, .changed, .state]'
wscluster ring show --cluster draining --json | jq -c '.nodes[] | select(.name == "node-1") | [.state, .weight]'
