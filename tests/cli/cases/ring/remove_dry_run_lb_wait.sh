wscluster ring remove node-1 --cluster still -n --lb-wait 5s --deadline 1m --close-reason "new kernel" | tail -3
