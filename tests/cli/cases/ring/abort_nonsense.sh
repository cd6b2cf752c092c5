wscluster ring abort soon --cluster still --yes
