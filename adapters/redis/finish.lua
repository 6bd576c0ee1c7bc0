--with jobs.lua
-- A job ends, exactly once (law 4): its hash, the result stream and the lists of whoever waits for it.
--
-- What can be refused comes first (the stream), so that the hash says "ended" only when the result is out. A reply list
-- that is no list is the requester's mistake and keeps nobody from the result. A worker's job ends only while it is in
-- the worker's list: one that was declared dead has lost it to others.
--
-- KEYS 1 job hash  2 result stream  3 the worker's list (left out where the job came from no queue)
-- ARGV 1 result JSON  2 longest stream  3 seconds to keep the hash  4 the job's words in the worker's list
--      5 reply list or ''  6.. fields and values of the hash
-- Answers 1, or 0 where the job had ended before or is another's now.
local hash, stream, own = KEYS[1], KEYS[2], KEYS[3]
local json, reply = ARGV[1], ARGV[5]

local owned = not own or redis.call('LPOS', own, ARGV[4])
local known = redis.call('HGETALL', hash)
local replies = {}
for i = 1, #known, 2 do
    if known[i] == 'state' and FINAL[known[i + 1]] then
        if owned and own then
            redis.call('LREM', own, 1, ARGV[4])
        end
        return 0
    end
    local list = string.match(known[i], '^reply:(.+)$')
    if list then
        replies[list] = true
    end
end
if not owned then
    return 0
end
if reply ~= '' then
    replies[reply] = true
end
redis.call('XADD', stream, 'MAXLEN', '~', ARGV[2], '*', 'json', json)
if own then
    redis.call('LREM', own, 1, ARGV[4])
end
for list in pairs(replies) do
    redis.pcall('RPUSH', list, json)
    redis.call('HDEL', hash, 'reply:' .. list)
end
redis.call('HDEL', hash, 'worker')
redis.call('HSET', hash, 'result', json, unpack(ARGV, 6))
redis.call('EXPIRE', hash, ARGV[3])
return 1
