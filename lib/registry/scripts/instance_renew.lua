-- Renews the lease of one instance. ARGV: service, id, lastDirtyTimestamp of the caller or ''.
-- {"ok", the instance's JSON}   {"unknown"}   {"outdated"} when the caller has newer data: it must register again
local stored = redis.call('HGET', key('instances', ARGV[1]), ARGV[2])
local instance = stored and cjson.decode(stored)
if not instance or instance.action == 'DELETED' then return {'unknown'} end
if ARGV[3] ~= '' and tonumber(ARGV[3]) > (instance.dirty_ms or 0) then return {'outdated'} end
redis.call('ZADD', key('instance-leases'), now_ms() + instance.lease_ms, ARGV[1] .. ' ' .. ARGV[2])
return {'ok', stored}
