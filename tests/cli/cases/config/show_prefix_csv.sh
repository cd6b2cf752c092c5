wscluster config show redis -o csv
