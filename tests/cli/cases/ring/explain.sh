wscluster ring explain --uid alice --cluster still
wscluster ring explain --uid alice --cluster still --epoch 1 --json
