wscluster ring abort --cluster still --yes
