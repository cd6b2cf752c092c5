echo 'listen: 127.0.0.1:1' >c.yaml
wscluster serve-node --check -c c.yaml
