printf 'alice\n\tbob\n' | wscluster presence -
