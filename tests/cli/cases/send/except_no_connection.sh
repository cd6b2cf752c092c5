wscluster send --group news --message a --except alice
