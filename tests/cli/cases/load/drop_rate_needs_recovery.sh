wscluster load-test ws://127.0.0.1:1/chat --scenario ack --drop-rate 3/s
