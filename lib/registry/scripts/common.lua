-- SPDX-License-Identifier: MIT
-- Put in front of every script. keys.hpp has the schema.
local prefix = KEYS[1]

local function key(...)
  return prefix .. table.concat({...}, ':')
end

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function to_table(pairs_list)
  local result = {}
  for i = 1, #pairs_list, 2 do result[pairs_list[i]] = pairs_list[i + 1] end
  return result
end

local function publish(...)
  redis.call('PUBLISH', key('events'), table.concat({...}, ' '))
end

-- Holds this very life of the name a lease that has not ended?
local function is_alive(name, incarnation, now)
  local expiry = redis.call('ZSCORE', key('leases'), name)
  return expiry and tonumber(expiry) > now and redis.call('HGET', key('holders'), name) == incarnation
end

local function head_of(service)
  local head = redis.call('HGET', key('epochs'), service)
  if not head then return 0, '', '' end
  local epoch, digest, lineage = string.match(head, '^(%d+) (%x+) (%x+)$')
  return tonumber(epoch), digest, lineage
end

-- Of a history entry; nil when it has none.
local function digest_in(entry)
  return entry and string.match(entry, '^(%x+) ')
end

-- The epoch of the service that a process has stored with its last renewal; 0: none.
local function adopted_by(name, service)
  local stats = redis.call('HGET', key('stats'), name)
  local services = stats and cjson.decode(stats).services
  local own = type(services) == 'table' and services[service]
  return own and own.adopted or 0
end

-- A living process that has adopted a newer epoch: then what is here is not the newest, and nobody may go on from it.
local function newer_adopter(service, epoch, now)
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', key('leases'), string.format('(%.0f', now), '+inf')) do
    local adopted = adopted_by(name, service)
    if adopted > epoch then return name, adopted end
  end
end

-- name -> incarnation of an epoch; nil when the history does not reach back so far.
local function members_at(service, epoch)
  local text = redis.call('HGET', key('history', service), epoch)
  if not text then return nil end
  local members = {}
  for name, incarnation in string.gmatch(text, '(%S+)=(%x+):%S+') do members[name] = incarnation end
  return members
end

-- Moves changes on whose time has come: evicting -> settling when every donor is done or its incarnation has left the
-- document (a lease that ended is not enough: its holder may come back with its users), settling -> done when everybody
-- closed has returned or the settle time is over, which begins when the last one that was handed on is closed.
-- done_through follows without a gap: past settling nobody is anywhere but at the owner, so `open` needs that epoch no
-- more. A change that was aborted goes the same way under its own state.
local function evaluate(service, now)
  local epoch = head_of(service)
  local current = members_at(service, epoch) or {}
  local moved = false
  for _, number in ipairs(redis.call('SMEMBERS', key('running', service))) do
    local change = key('change', service, number)
    local fields = to_table(redis.call('HGETALL', change))
    local state = fields.state
    if fields.record then
      local record = cjson.decode(fields.record)
      local closed, returned, all_done = 0, 0, true
      local uncounted, is_closing = 0, false
      for field, value in pairs(fields) do
        if string.sub(field, 1, 6) == 'donor:' then
          local progress = cjson.decode(value)
          closed = closed + (progress.closed or 0)
          uncounted = uncounted + (progress.planned or 0) - (progress.moved or 0) - (progress.closed or 0) - (progress.gone or 0)
          -- What a life that is gone had to close is gone with it.
          local is_alive = current[string.sub(field, 7)] == progress.incarnation
          is_closing = is_closing or (is_alive and (progress.closing or 0) > 0)
        end
        if string.sub(field, 1, 9) == 'receiver:' then returned = returned + (cjson.decode(value).returned or 0) end
      end
      for _, donor in ipairs(record.donors_expected) do
        local progress = fields['donor:' .. donor.name]
        if current[donor.name] == donor.incarnation and not (progress and cjson.decode(progress).done) then
          all_done = false
        end
      end
      if state == 'evicting' and all_done then
        state = 'settling'
        fields.settling = now
        redis.call('HSET', change, 'state', state, 'settling', now)
        moved = true
      end
      if state == 'settling' and is_closing then
        fields.settling = now
        redis.call('HSET', change, 'settling', now)
      end
      -- Between who hands a session on and who closes it nobody tells of it for a moment.
      local is_back = returned >= closed and (record.evict ~= 'all' or uncounted <= 0)
      local is_over = not is_closing and now - tonumber(fields.settling or now) >= record.settle_ms
      if state == 'settling' and (is_back or is_over) then
        state = 'done'
        redis.call('HSET', change, 'state', state, 'finished', now)
        moved = true
      end
    end
    if state == 'done' or not fields.record then redis.call('SREM', key('running', service), number) end
  end
  local done = tonumber(redis.call('HGET', key('done'), service) or '0')
  local before = done
  while done < epoch do
    local state = redis.call('HGET', key('change', service, done + 1), 'state')
    if state ~= 'settling' and state ~= 'done' then break end
    done = done + 1
  end
  if done ~= before then
    redis.call('HSET', key('done'), service, done)
    moved = true
  end
  if moved then
    redis.call('INCR', key('generation'))
    publish('change', service, epoch)
  end
  return done
end

-- Why this document may not follow the head, as an answer; nil when it may.
local function refusal(service, expected_epoch, expected_digest, document, max_open, now)
  local epoch, digest, lineage = head_of(service)
  if epoch ~= expected_epoch or digest ~= expected_digest then return {'conflict', epoch, digest} end
  if document.service ~= service or document.epoch ~= epoch + 1 then return {'wrong', 'service or epoch'} end
  if epoch > 0 and document.lineage ~= lineage then return {'lineage', lineage} end
  if epoch > 0 and document.predecessor ~= digest then return {'wrong', 'predecessor'} end
  local name, adopted = newer_adopter(service, epoch, now)
  if name then return {'behind', name, adopted} end
  if #document.open > max_open then return {'limit', #document.open} end
  return nil
end

local function write_epoch(service, text, document, record, now)
  local epoch = document.epoch
  if epoch == 1 then
    redis.call('DEL', key('history', service), key('running', service), key('changes', service))
    redis.call('HDEL', key('done'), service)
  end
  local members = {document.digest}
  for _, member in ipairs(document.members) do
    table.insert(members, string.format('%s=%s:%.14g', member.name, member.incarnation, member.weight))
  end
  redis.call('SET', key('ring', service), text)
  redis.call('HSET', key('epochs'), service,
             string.format('%d %s %s', epoch, document.digest, document.lineage))
  redis.call('HSET', key('history', service), epoch, table.concat(members, ' '))
  redis.call('HDEL', key('history', service), epoch - 64)
  local change = key('change', service, epoch)
  redis.call('DEL', change)
  redis.call('HSET', change, 'record', record, 'state', 'evicting', 'started', now)
  local aborts = cjson.decode(record).aborts or 0
  if aborts > 0 and redis.call('EXISTS', key('change', service, aborts)) == 1 then
    redis.call('HSET', key('change', service, aborts), 'aborted', epoch)
  end
  redis.call('SADD', key('running', service), epoch)
  redis.call('LPUSH', key('changes', service), epoch)
  redis.call('LTRIM', key('changes', service), 0, 63)
  if epoch > 64 and redis.call('SISMEMBER', key('running', service), epoch - 64) == 0 then
    redis.call('DEL', key('change', service, epoch - 64))
  end
  redis.call('INCR', key('generation'))
  publish('ring', service, epoch)
  evaluate(service, now)
end

local function set_change(service, change, now)
  local name = key('change', service, string.format('%.0f', change.epoch))
  redis.call('DEL', name)
  redis.call('HSET', name, 'record', change.record, 'state', change.state, 'started', now)
  if change.state == 'settling' then redis.call('HSET', name, 'settling', now) end
  if change.state == 'done' then redis.call('HSET', name, 'finished', now) end
  for field, json in pairs(change.progress) do redis.call('HSET', name, field, json) end
  redis.call('LPUSH', key('changes', service), change.epoch)
  if change.state ~= 'done' then redis.call('SADD', key('running', service), change.epoch) end
end

-- A document comes back with what belongs to it (`past`: history, changes, done, read_through, lease, head: the epoch
-- that was here). Of changes up to the head what is here stays, but those that the giver knows as final are ended.
-- Processes without a lease get one: it was lost with the rest, and its holder still counts on it.
local function restore(service, document, text, past, now)
  for number, entry in pairs(past.history) do
    if tonumber(number) > document.epoch - 64 then redis.call('HSET', key('history', service), number, entry) end
  end
  local is_running = {}
  for _, change in ipairs(past.changes) do
    is_running[string.format('%.0f', change.epoch)] = change.state ~= 'done'
    local name = key('change', service, string.format('%.0f', change.epoch))
    if change.epoch > past.head or redis.call('EXISTS', name) == 0 then set_change(service, change, now) end
  end
  redis.call('LTRIM', key('changes', service), 0, 63)
  for _, number in ipairs(redis.call('SMEMBERS', key('running', service))) do
    if tonumber(number) <= past.read_through and not is_running[number] then
      redis.call('HSET', key('change', service, number), 'state', 'done', 'finished', now)
      redis.call('SREM', key('running', service), number)
    end
  end
  local done = tonumber(redis.call('HGET', key('done'), service) or '0')
  redis.call('HSET', key('done'), service, string.format('%.0f', math.max(done, past.done)))
  redis.call('SET', key('ring', service), text)
  redis.call('HSET', key('epochs'), service,
             string.format('%.0f %s %s', document.epoch, document.digest, document.lineage))
  for _, member in ipairs(past.members_are == 'processes' and document.members or {}) do
    local expiry = tonumber(redis.call('ZSCORE', key('leases'), member.name) or '0')
    if expiry <= now then
      redis.call('ZADD', key('leases'), now + past.lease, member.name)
      redis.call('HSET', key('holders'), member.name, member.incarnation)
    end
  end
  -- Above every value it had: it was lost, too, and must not come to one that somebody has seen.
  redis.call('SET', key('generation'), now)
  publish('ring', service, string.format('%.0f', document.epoch))
  evaluate(service, now)
end
