script -qec 'wscluster ring add node-4 --cluster still --no-input' /dev/null </dev/null | tr -d '\r' | grep -a -c 'pass --yes'
