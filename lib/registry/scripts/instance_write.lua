-- Compare-and-set of one instance of an upstream service. ARGV: service, id, what is expected ('': nothing), what shall be
-- there ('': nothing), lease: ms from now, 0 takes it away, '' lets it be; the end that the lease must still have, or ''.
-- {"ok", revision}   {"conflict"} when it is another one   {"renewed"} when the lease has another end
local service, id, expected, wanted, lease = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local now = now_ms()
local name = service .. ' ' .. id
local stored = redis.call('HGET', key('instances', service), id) or ''
if stored ~= expected then return {'conflict'} end
if ARGV[6] ~= '' and tonumber(redis.call('ZSCORE', key('instance-leases'), name) or '0') ~= tonumber(ARGV[6]) then
  return {'renewed'}
end
if lease == '0' then
  redis.call('ZREM', key('instance-leases'), name)
elseif lease ~= '' then
  redis.call('ZADD', key('instance-leases'), now + tonumber(lease), name)
end
if stored == wanted then
  return {'ok', tonumber(redis.call('HGET', key('instance-revisions'), service) or '0')}
end
if wanted == '' then
  redis.call('HDEL', key('instances', service), id)
else
  redis.call('HSET', key('instances', service), id, wanted)
end
local revision = redis.call('HINCRBY', key('instance-revisions'), service, 1)
redis.call('INCR', key('generation'))
publish('instances', service)
return {'ok', revision}
