wscluster session show "$(printf '\xff')"
