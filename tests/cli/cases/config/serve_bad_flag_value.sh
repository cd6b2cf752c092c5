wscluster serve-node --listen 9000
