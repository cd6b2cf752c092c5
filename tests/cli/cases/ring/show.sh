wscluster ring show --cluster still
