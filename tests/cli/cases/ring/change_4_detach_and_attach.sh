for _ in $(seq 100); do
    [[ $(wscluster ring show --cluster moving --json | jq .epoch) == 4 ]] && break
    sleep 0.1
done
wscluster ring add node-1 --cluster moving --yes --settle 1s --detach
wscluster ring add node-1 --cluster moving --progress none | head -1
