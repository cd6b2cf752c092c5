WSCLUSTER_OUTPUT=xml wscluster ring show
