echo key >key
wscluster send --to alice --message a --service chat --key-file key --url http://127.0.0.1:1
