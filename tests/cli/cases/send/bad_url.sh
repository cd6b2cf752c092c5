echo key >key
wscluster send --to alice --message a --service chat --key-file key --url ftp://x
