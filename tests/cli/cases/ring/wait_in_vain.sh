wscluster ring wait --cluster sick --timeout 300ms --progress none
