wscluster ring remove node-1 --cluster lonely --yes
wscluster ring remove node-1 --cluster lonely --confirm node-2 --yes
