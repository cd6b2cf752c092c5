wscluster session evict alice --yes --close-reason "$(printf '%0124d' 0)"
