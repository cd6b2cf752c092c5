timeout -s INT 0.6 wscluster ring show --cluster still --watch=100ms -o jsonl | jq -c .epoch
script -qec 'timeout -s INT 0.5 wscluster ring show --cluster still --watch' /dev/null | grep -a -o "$(printf '\033')\[H" | wc -l
wscluster ring show --cluster still --watch=0s
