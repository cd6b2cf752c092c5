wscluster load-test ws://127.0.0.1:1/chat --scenario group --threshold 'deliveries.rate>5'
