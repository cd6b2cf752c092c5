echo key >key
wscluster token --service chat --key-file key --uid "$(printf 'a\tb')"
