echo key >key
wscluster presence alice --service chat --key-file key --url http://127.0.0.1:1
