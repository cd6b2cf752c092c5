wscluster __complete -- ring add --s
wscluster __complete -- send --wait ''
wscluster __complete -- config init ''
wscluster __complete -- config check x
