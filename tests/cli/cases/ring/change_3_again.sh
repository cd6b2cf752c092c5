wscluster ring remove node-1 --cluster moving --yes
