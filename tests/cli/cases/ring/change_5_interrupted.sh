wscluster ring remove node-1 --cluster moving --yes --settle 60s --progress none &
pid=$!
for _ in $(seq 100); do
    [[ $(wscluster ring show --cluster moving --json | jq .change.to_epoch) == 6 ]] && break
    sleep 0.05
done
kill -INT $pid
wait $pid
