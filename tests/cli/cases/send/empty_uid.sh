wscluster send --message a --to ''
