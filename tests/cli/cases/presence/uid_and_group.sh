wscluster presence alice --group news
