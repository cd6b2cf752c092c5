wscluster ring add node-4 --cluster moving --yes --settle 1s --progress none
wscluster ring add node-4 --cluster moving
