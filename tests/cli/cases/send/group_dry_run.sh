echo key >key
printf '{"group":"news","message":"one"}\n{"to":"alice","message":2}\n' | wscluster send --jsonl --dry-run --service chat --key-file key --url http://127.0.0.1:1
wscluster send --group news -g 'chess club' --to bob -m hello --dry-run --service chat --key-file key --url http://127.0.0.1:1
