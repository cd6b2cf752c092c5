wscluster ring repair --cluster still
