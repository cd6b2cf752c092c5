echo 'cores: many' >c.yaml
wscluster config show cores -c c.yaml
