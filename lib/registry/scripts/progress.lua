-- Writes counters and moves changes on; may be repeated at will. ARGV: service, then any number of (epoch, field, JSON),
-- field being donor:NAME or receiver:NAME.
-- {"ok", done_through}
local service = ARGV[1]
for i = 2, #ARGV, 3 do
  local change = key('change', service, ARGV[i])
  if redis.call('EXISTS', change) == 1 then redis.call('HSET', change, ARGV[i + 1], ARGV[i + 2]) end
end
return {'ok', evaluate(service, now_ms())}
