wscluster ring abort 1 --cluster still --yes 2>&1 | sed "s/since .*Z/since WHEN/"
