wscluster ring add node-4 --cluster still -n -o json
