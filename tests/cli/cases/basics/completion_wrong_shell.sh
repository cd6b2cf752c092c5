wscluster completion tcsh
