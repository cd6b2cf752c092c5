-- Takes members whose lease has ended out of the ring. ARGV: service, expected epoch, expected digest, document JSON,
-- record JSON, most open memberships, heartbeat ms.
-- {"ok", epoch, now}   {"alive", name}   {"majority", epoch, gone, members}   {"history", epoch}   or as commit.lua
local service, heartbeat = ARGV[1], tonumber(ARGV[7])
local now = now_ms()
local document = cjson.decode(ARGV[4])
local refused = refusal(service, tonumber(ARGV[2]), ARGV[3], document, tonumber(ARGV[6]), now)
if refused then return refused end

local last = document.epoch - 1
local current = members_at(service, last)
if not current then return {'history', last} end
local next_members = {}
for _, member in ipairs(document.members) do
  if current[member.name] ~= member.incarnation then return {'wrong', 'a removal adds ' .. member.name} end
  next_members[member.name] = member.incarnation
end

local holders = {}
local removed = 0
for name, incarnation in pairs(current) do
  holders[name] = redis.call('HGET', key('holders'), name)
  if not next_members[name] then
    removed = removed + 1
    local expiry = tonumber(redis.call('ZSCORE', key('leases'), name) or '0')
    if holders[name] == incarnation and now - expiry < heartbeat then return {'alive', name} end
  end
end
if removed == 0 then return {'wrong', 'nobody is removed'} end

-- The oldest epoch that a member with an ended lease has stored with a renewal; without one, the oldest known to hold it.
local function oldest_view(name, incarnation)
  if holders[name] == incarnation then
    local adopted = adopted_by(name, service)
    if adopted > 0 then return adopted end
  end
  local epoch = last
  while epoch > 1 do
    local earlier = members_at(service, epoch - 1)
    if not earlier or earlier[name] ~= incarnation then break end
    epoch = epoch - 1
  end
  return epoch
end

local lowest = last
local alive = {}
for name, incarnation in pairs(current) do
  alive[name] = is_alive(name, incarnation, now)
  if not alive[name] then lowest = math.min(lowest, oldest_view(name, incarnation)) end
end

for epoch = lowest, last do
  local members = members_at(service, epoch)
  if not members then return {'history', epoch} end
  local count, gone = 0, 0
  for name, incarnation in pairs(members) do
    count = count + 1
    -- Who has left and lives, or has left and given its lease back, gives nobody its word.
    local has_left = not current[name] and not redis.call('ZSCORE', key('leases'), name)
    if not has_left and not is_alive(name, incarnation, now) then gone = gone + 1 end
  end
  if gone * 2 > count then return {'majority', epoch, gone, count} end
end

write_epoch(service, ARGV[4], document, ARGV[5], now)
return {'ok', document.epoch, now}
