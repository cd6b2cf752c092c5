echo key >key
printf '{"group":"news","to":"alice","message":"one"}\n' | wscluster send --jsonl --service chat --key-file key --url http://127.0.0.1:1
