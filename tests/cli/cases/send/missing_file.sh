echo key >key
wscluster send --to alice --file nothing --service chat --key-file key --url http://127.0.0.1:1
