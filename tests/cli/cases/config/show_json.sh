wscluster config show drain.rate -o json
