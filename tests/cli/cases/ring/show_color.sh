wscluster ring show --cluster still --color=always -q | grep -c "$(printf '\033\\[1m')"
wscluster ring show --cluster still -q | grep -c "$(printf '\033')"
