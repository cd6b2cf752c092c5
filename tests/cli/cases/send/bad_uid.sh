wscluster send --message a --to "$(printf '\xff')"
