wscluster ring add node-4 --cluster still --close-code 1006 --yes
