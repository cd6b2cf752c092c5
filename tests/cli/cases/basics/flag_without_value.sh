wscluster send --to
