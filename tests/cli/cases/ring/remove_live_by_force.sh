wscluster ring remove node-1 --cluster still --force --yes
