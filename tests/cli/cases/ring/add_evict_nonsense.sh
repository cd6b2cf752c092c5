wscluster ring add node-4 --cluster still --evict some --yes
