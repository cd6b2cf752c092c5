wscluster ring owner --cluster still ''
