wscluster ring weight node-1 0 --cluster still --yes
