wscluster ring drain node-9 --cluster still --yes
