wscluster ring repair --cluster still --from node-9 --yes
