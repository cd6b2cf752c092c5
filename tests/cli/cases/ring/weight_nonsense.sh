wscluster ring weight node-1 heavy --cluster still --yes
