printf 'a: [1\nb: 2\n' >c.yaml
wscluster config check c.yaml
