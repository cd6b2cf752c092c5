for weight in 2 3 4 5 6 7 8 9; do
    wscluster ring weight node-1 $weight --cluster crowded --yes --confirm node-1 --detach -q
done
