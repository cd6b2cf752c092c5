echo key >key
wscluster session evict alice --yes -o json --service chat --key-file key --url http://127.0.0.1:1
