printf 'services:\n  chat: {}\n  news: {}\n' >c.yaml
wscluster token -c c.yaml --uid alice
