echo n | script -qec 'wscluster ring add node-4 --cluster still' /dev/null | tr -d '\r' | grep -a -o 'Move or close about .*N]\|Nothing was changed.'
wscluster ring show --cluster still --json | jq .epoch
