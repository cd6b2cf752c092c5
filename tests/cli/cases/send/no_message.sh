wscluster send --to alice
