wscluster session evict --yes
