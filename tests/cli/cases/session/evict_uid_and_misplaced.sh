wscluster session evict alice --misplaced --yes
