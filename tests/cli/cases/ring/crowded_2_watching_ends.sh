wscluster ring wait --cluster crowded --timeout 300ms --progress none
echo $?
wscluster ring wait --cluster crowded --timeout 300ms --progress none --json 2>/dev/null | jq -c '[.settled, .waiting_for]'
wscluster ring watch --cluster crowded --timeout 300ms --progress none
