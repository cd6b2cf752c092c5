wscluster ring add node-4 --cluster still --dry-run --rate 20/s
