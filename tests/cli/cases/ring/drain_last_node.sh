wscluster ring drain node-1 --cluster lonely --yes
