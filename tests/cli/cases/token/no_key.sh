wscluster token --service chat --uid alice
