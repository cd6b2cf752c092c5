wscluster ring add node-4 --settle 5
