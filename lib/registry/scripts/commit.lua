-- Compare-and-set of a service's document together with its change record. ARGV: service, expected epoch (0: none),
-- expected digest, document JSON, record JSON, most open memberships, joiner or '', flap limit, flap window ms, the
-- revision of the instances that the members were computed from or ''.
-- {"ok", epoch, now}   {"conflict", epoch, digest}   {"lineage", lineage}   {"limit", open}   {"held", ms}   {"wrong", what}
-- {"behind", name, epoch} when a living process has adopted a newer epoch
local service, joiner, flap_limit, flap_window = ARGV[1], ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9])
local now = now_ms()
local document = cjson.decode(ARGV[4])
if ARGV[10] ~= '' and redis.call('HGET', key('instance-revisions'), service) ~= ARGV[10] then
  return {'conflict', head_of(service)}
end
local refused = refusal(service, tonumber(ARGV[2]), ARGV[3], document, tonumber(ARGV[6]), now)
if refused then return refused end

if joiner ~= '' and flap_window > 0 then
  local joins = key('joins', service, joiner)
  local oldest = redis.call('LINDEX', joins, flap_limit - 1)
  if oldest and now - tonumber(oldest) < flap_window then return {'held', flap_window - (now - tonumber(oldest))} end
  redis.call('LPUSH', joins, now)
  redis.call('LTRIM', joins, 0, flap_limit - 1)
  redis.call('PEXPIRE', joins, flap_window)
end
write_epoch(service, ARGV[4], document, ARGV[5], now)
return {'ok', document.epoch, now}
