wscluster ring add node-4 --cluster still --if-epoch 7 --yes
