wscluster ring repair --cluster still --from node-1 | sed -E "s/[0-9a-f]{12} /DIGEST       /"
wscluster ring repair --cluster still --from node-1 -o json | jq -c "[.changed, .from_epoch == .to_epoch, (.holders[] | .same)]"
