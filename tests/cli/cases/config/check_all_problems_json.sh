printf 'cores: two\nlimit: {}\n' >node.yaml
wscluster config check node.yaml -o json
