wscluster ring show --redis redis://:secret@127.0.0.1:1/0
