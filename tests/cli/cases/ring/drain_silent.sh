for _ in $(seq 100); do
    wscluster ring show --cluster broken -q | grep -q down && break
    sleep 0.1
done
wscluster ring drain node-3 --cluster broken --yes
