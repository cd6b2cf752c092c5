wscluster help ring ad
