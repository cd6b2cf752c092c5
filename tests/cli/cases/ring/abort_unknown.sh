wscluster ring abort 99 --cluster still --yes
