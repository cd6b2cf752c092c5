wscluster ring wait --cluster still
wscluster ring wait --cluster still --json
