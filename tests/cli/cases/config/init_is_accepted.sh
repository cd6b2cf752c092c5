for role in gateway node client; do
    wscluster config init $role >$role.yaml
    wscluster config check --role $role $role.yaml | sed 's/: No such file.*//'
done
