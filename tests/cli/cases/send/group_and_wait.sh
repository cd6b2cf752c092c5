wscluster send --group news --message a --wait none
