-- A graceful stop: the lease and all that hangs on it. ARGV: name, incarnation, services...
-- {"ok"}   {"conflict"} when another incarnation holds the name
local name, incarnation = ARGV[1], ARGV[2]
if redis.call('HGET', key('holders'), name) ~= incarnation then return {'conflict'} end
redis.call('ZREM', key('leases'), name)
for _, table_name in ipairs({'holders', 'members', 'stats'}) do redis.call('HDEL', key(table_name), name) end
for i = 3, #ARGV do redis.call('DEL', key('joins', ARGV[i], name)) end
redis.call('INCR', key('generation'))
publish('member', name)
return {'ok'}
