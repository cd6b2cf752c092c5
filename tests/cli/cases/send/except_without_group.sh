wscluster send --to alice --message a --except AAAA
