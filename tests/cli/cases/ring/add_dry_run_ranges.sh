wscluster ring add node-4 --cluster still -n --ranges -o csv 2>/dev/null | sed -n '1,2p;$='
