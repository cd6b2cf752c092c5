wscluster ring add node-4 --cluster still -n --evict all --rate 20/s --confirm node-4
wscluster ring add node-4 --cluster still -n --evict none
