wscluster load-test ws://127.0.0.1:1/chat --in-flight 8 --rate 100/s
