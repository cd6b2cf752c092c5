wscluster ring add node-4 --dry-run=maybe
