wscluster load-test ws://127.0.0.1:1/chat --scenario recovery --drop-rate 0/s
