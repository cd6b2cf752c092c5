wscluster ring add node-4 --cluster still --rate 5/s --spread 2m --yes
