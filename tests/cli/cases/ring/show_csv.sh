wscluster ring show --cluster still -o csv -q | cut -d, -f1,2,5
