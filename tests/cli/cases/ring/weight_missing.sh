wscluster ring weight node-1 --cluster still --yes
