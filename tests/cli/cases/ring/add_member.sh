wscluster ring add node-1 --cluster still
wscluster ring add node-1 --cluster still -o json
