wscluster ring watch --cluster still
