wscluster ring show --cluster still -o plain --no-headers -q | cut -f1-4
