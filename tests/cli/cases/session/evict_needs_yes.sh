echo key >key
printf 'alice\nbob\n' | wscluster session evict - --service chat --key-file key --url http://127.0.0.1:1
