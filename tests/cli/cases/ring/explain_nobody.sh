wscluster ring explain --cluster still
