printf 'alice\n\xff\n' | wscluster session evict - --yes
