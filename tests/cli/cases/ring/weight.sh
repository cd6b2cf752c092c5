wscluster ring weight node-1 1 --cluster still --yes
wscluster ring weight node-1 2 --cluster still -n | head -6
