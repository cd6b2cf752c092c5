wscluster session show
