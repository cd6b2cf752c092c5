wscluster ring add node-4 --dryrun -o json
