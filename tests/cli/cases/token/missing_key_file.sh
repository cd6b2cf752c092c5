wscluster token --service chat --uid alice --key-file nothing
