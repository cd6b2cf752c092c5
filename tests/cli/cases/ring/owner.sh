wscluster ring owner --cluster still alice bob
printf 'carol\ndave\n' | wscluster ring owner --cluster still - --without node-2 -o csv
wscluster ring owner --cluster still alice --with node-4 --json
