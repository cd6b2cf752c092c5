echo key >key
wscluster session list --limit 0 --service chat --key-file key --url http://127.0.0.1:1
