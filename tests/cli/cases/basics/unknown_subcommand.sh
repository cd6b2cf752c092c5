wscluster ring shwo
