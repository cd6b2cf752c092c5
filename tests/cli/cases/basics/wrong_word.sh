wscluster ring show --output jsn
