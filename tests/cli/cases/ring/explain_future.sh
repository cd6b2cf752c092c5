wscluster ring explain --uid alice --epoch 7 --cluster still
