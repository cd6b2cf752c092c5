# Somebody who moved when node-1 was drained, at last.
for i in $(seq 40); do
    wscluster ring explain --uid "user-$i" --cluster draining -o json | jq -e '.moved.from == "node-1"' >/dev/null && break
done
wscluster ring explain --uid "user-$i" --cluster draining -o json | jq -c '[.moved.from, .moved.to == .node, .moved.change.action, .moved.change.state]'
wscluster ring explain --uid "user-$i" --cluster draining --epoch 1 -o json | jq -c '[.epoch, .moved]'
wscluster ring explain --uid "user-$i" --cluster draining | grep '^moved' | sed 's/epoch [0-9]*/epoch N/; s/by .* at .*Z/by SOMEBODY at WHEN/'
