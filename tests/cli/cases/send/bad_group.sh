wscluster send --group ' ' --message a
