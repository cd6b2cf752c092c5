echo 'an access key' >chat.key
printf 'services:\n  chat: {key_files: [chat.key]}\n' >c.yaml
wscluster token -c c.yaml --uid alice | tr -cd . | wc -c
