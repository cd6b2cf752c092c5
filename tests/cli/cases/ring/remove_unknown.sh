wscluster ring remove node-9 --cluster still --yes
