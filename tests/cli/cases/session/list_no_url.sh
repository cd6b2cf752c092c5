echo key >key
wscluster session list --service chat --key-file key
