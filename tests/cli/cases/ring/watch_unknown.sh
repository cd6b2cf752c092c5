wscluster ring watch 99 --cluster still
