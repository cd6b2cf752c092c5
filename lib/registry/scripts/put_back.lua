-- Puts a document back that a process holds and Redis has lost or has an older epoch of. ARGV: service, document JSON,
-- lease ms, history JSON {"EPOCH": entry}, changes JSON [{epoch, state, record, progress}], done_through, the epoch up to
-- which those changes are complete, 'processes' or 'instances' (whose names the members are). Never over a newer epoch, another origin, or one whose digest the history contradicts.
-- {"ok", epoch that was there, now}   {"same"}   {"newer", epoch}   {"fork", epoch}   {"lineage", lineage}
local service = ARGV[1]
local document, history = cjson.decode(ARGV[2]), cjson.decode(ARGV[4])
local now = now_ms()
local epoch, digest, lineage = head_of(service)
if epoch > 0 and (document.repaired or 0) <= epoch then
  if lineage ~= document.lineage then return {'lineage', lineage} end
  if epoch > document.epoch then return {'newer', epoch} end
  if epoch == document.epoch then
    if digest == document.digest then return {'same'} end
    return {'fork', epoch}
  end
  local known = digest_in(history[string.format('%.0f', epoch)])
  if known and known ~= digest then return {'fork', epoch} end
end
restore(service, document, ARGV[2], {
  history = history, changes = cjson.decode(ARGV[5]), done = tonumber(ARGV[6]), read_through = tonumber(ARGV[7]),
  lease = tonumber(ARGV[3]), head = epoch, members_are = ARGV[8]}, now)
if ARGV[8] == 'instances' then redis.call('HSETNX', key('instance-revisions'), service, 0) end
-- Whoever reads only now that a document is here must not take it for quiet times.
redis.call('SET', key('put-back'), string.format('%.0f', now), 'PX', 2 * tonumber(ARGV[3]))
return {'ok', epoch, now}
