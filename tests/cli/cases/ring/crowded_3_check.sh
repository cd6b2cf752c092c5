wscluster ring check --cluster crowded | grep epoch
