wscluster token --service chat
