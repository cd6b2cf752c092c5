echo 'an access key' >key
wscluster token --service chat --key-file key --api /api/v1/services/chat/users/bob/messages -o json
