wscluster session list --service chat --url http://127.0.0.1:1
