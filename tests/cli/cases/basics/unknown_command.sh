wscluster rin
