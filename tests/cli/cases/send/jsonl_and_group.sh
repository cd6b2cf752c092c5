wscluster send --group news --jsonl
