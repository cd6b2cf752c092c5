wscluster session evict alice --node node-1 --yes
