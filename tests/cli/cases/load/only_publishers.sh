wscluster load-test ws://127.0.0.1:1/chat --scenario group --connections 3 --publishers 3
