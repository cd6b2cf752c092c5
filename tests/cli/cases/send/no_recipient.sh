wscluster send --message a
