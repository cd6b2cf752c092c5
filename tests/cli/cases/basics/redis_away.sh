wscluster ring show --redis redis://127.0.0.1:1/0
