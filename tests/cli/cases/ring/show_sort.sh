wscluster ring show --cluster still --sort sessions -o csv -q --no-headers | cut -d, -f1
wscluster ring show --cluster still --sort owns -o csv -q --no-headers | cut -d, -f1
wscluster ring show --cluster still --sort size
