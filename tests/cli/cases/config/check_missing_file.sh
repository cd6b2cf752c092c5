wscluster config check nothing.yaml
