wscluster presence alice --limit 3
