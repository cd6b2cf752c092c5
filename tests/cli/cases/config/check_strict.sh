echo '{}' >c.yaml
WSCLUSTER_LOGLEVEL=debug wscluster config check c.yaml && WSCLUSTER_LOGLEVEL=debug wscluster config check --strict c.yaml
