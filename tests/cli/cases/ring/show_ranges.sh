wscluster ring show --cluster still --ranges -o csv | sed -n '1p;$='
wscluster ring show --cluster still --ranges --json | jq -c '.ranges[0]'
