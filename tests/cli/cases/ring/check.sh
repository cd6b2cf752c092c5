wscluster ring check --cluster still | sed "s/[0-9.]* ms/MS/"
