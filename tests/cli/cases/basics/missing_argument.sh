wscluster ring add --dry-run
