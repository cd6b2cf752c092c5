wscluster session evict alice --close-code 1005 --yes
