wscluster ring add node-4 --rate 500
