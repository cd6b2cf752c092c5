wscluster version -o json
