echo key >key
printf 'one\ntwo\n' | wscluster send --to alice --to bob --lines --dry-run --service chat --key-file key --url http://127.0.0.1:1
