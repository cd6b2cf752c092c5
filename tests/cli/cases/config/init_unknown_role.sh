wscluster config init broker
