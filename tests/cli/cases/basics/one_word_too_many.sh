wscluster ring add node-4 node-5
