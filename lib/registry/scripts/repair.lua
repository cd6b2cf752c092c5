-- What an operator's repair asks of the process that holds the document: makes it the one in Redis, whatever is there.
-- ARGV: service, the request as it lies in `repairs`, expected epoch (0: none) and digest of the head, document JSON,
-- lease ms, history JSON, changes JSON, done_through, the epoch up to which those changes are complete, 'processes' or
-- 'instances'.
-- {"ok", epoch}   {"gone"} when the request was withdrawn   {"conflict", epoch, digest}   {"behind", name, epoch}
local service = ARGV[1]
local document = cjson.decode(ARGV[5])
local now = now_ms()
if redis.call('HGET', key('repairs'), service) ~= ARGV[2] then return {'gone'} end
local epoch, digest = head_of(service)
if epoch ~= tonumber(ARGV[3]) or digest ~= ARGV[4] then return {'conflict', epoch, digest} end
local name, adopted = newer_adopter(service, document.epoch - 1, now)
if name then return {'behind', name, adopted} end
restore(service, document, ARGV[5], {
  history = cjson.decode(ARGV[7]), changes = cjson.decode(ARGV[8]), done = tonumber(ARGV[9]),
  read_through = tonumber(ARGV[10]), lease = tonumber(ARGV[6]), head = epoch,
  members_are = ARGV[11]}, now)
redis.call('HDEL', key('repairs'), service)
return {'ok', document.epoch}
