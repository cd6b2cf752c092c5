wscluster help ring
