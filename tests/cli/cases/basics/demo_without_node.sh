demo=$(command -v wscluster)
PATH=/nonexistent "$demo" demo --classroom
