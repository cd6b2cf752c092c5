echo 'cores: x' >c.yaml
wscluster serve-gateway -c c.yaml -o json
