wscluster ring remove node-1 --cluster still --deadline 1s --yes
