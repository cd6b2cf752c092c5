WSCLUSTER_REDIS_URL=redis://:hunter2@10.0.0.5:6379/0 wscluster config show redis.url
