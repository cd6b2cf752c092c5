wscluster ring add node-5 --cluster still --yes
