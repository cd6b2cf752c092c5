wscluster ring add node-1 --cluster moving --yes --settle 1s --progress json 2>progress | head -1
jq -s -c '[length > 0, .[0].epoch]' progress
