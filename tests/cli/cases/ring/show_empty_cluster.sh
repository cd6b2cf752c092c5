wscluster ring show --cluster nothing-here
