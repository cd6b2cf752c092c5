-- Renews a lease. ARGV: name, incarnation, lease ms, latest ms, registration JSON, stats JSON.
-- `latest` is the Redis time after which the caller has given this attempt up: bytes that waited in a stopped server must
-- not renew a lease later on, because the caller already counts on its end. 0: not known.
-- {"ok", now, generation, {service, head, ...}, {service, done_through, ...}, {expired name, ...}}
-- {"late", now}   {"conflict", now, other incarnation, ms left}
local name, incarnation, lease, latest = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local now = now_ms()
if latest > 0 and now > latest then return {'late', now} end

local expiry = tonumber(redis.call('ZSCORE', key('leases'), name) or '0')
local holder = redis.call('HGET', key('holders'), name)
if expiry > now and holder and holder ~= incarnation then return {'conflict', now, holder, expiry - now} end

local is_new = expiry <= now or holder ~= incarnation
redis.call('ZADD', key('leases'), now + lease, name)
if holder ~= incarnation then redis.call('HSET', key('holders'), name, incarnation) end
if redis.call('HGET', key('members'), name) ~= ARGV[5] then
  redis.call('HSET', key('members'), name, ARGV[5])
  is_new = true
end
redis.call('HSET', key('stats'), name, ARGV[6])

-- What has been silent for a day is forgotten.
for _, old in ipairs(redis.call('ZRANGEBYSCORE', key('leases'), '-inf', now - 86400000, 'LIMIT', 0, 10)) do
  redis.call('ZREM', key('leases'), old)
  for _, table_name in ipairs({'holders', 'members', 'stats'}) do redis.call('HDEL', key(table_name), old) end
  is_new = true
end

if is_new then
  redis.call('INCR', key('generation'))
  publish('member', name)
end
return {'ok', now, tonumber(redis.call('GET', key('generation')) or '0'), redis.call('HGETALL', key('epochs')),
        redis.call('HGETALL', key('done')), redis.call('ZRANGEBYSCORE', key('leases'), '-inf', now)}
