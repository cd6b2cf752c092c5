wscluster send --to alice --message a --stdin
