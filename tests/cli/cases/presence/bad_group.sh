wscluster presence --group ''
