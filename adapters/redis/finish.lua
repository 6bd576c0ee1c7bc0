--with jobs.lua replies.lua
-- A job ends, exactly once (law 4): its hash, the result stream, and what goes to whoever waits for it (replies.lua).
--
-- What can be refused comes first (the streams), so that the hash says "ended" only when the result is out. A worker's job
-- ends only while it is in the worker's list: one that was declared dead has lost it to others.
--
-- KEYS 1 job hash  2 result stream  3 replies  4 the worker's list (left out where the job came from no queue)
-- ARGV 1 result JSON  2 longest stream  3 seconds to keep the hash  4 the job's words in the worker's list
--      5 reply list or ''  6 id of the job  7.. fields and values of the hash
-- Answers replies that are to be delivered; none where the job had ended before or is another's now.
local hash, stream, own = KEYS[1], KEYS[2], KEYS[4]
local json, reply, id = ARGV[1], ARGV[5], ARGV[6]

local owned = not own or redis.call('LPOS', own, ARGV[4])
local known = redis.call('HGETALL', hash)
local waiting = {}
for i = 1, #known, 2 do
    if known[i] == 'state' and FINAL[known[i + 1]] then
        if owned and own then
            redis.call('LREM', own, 1, ARGV[4])
        end
        redis.call('EXPIRE', hash, ARGV[3]) -- a write for WAIT, which some versions let count only writes of its own connection
        return {}
    end
    local list = string.match(known[i], '^reply:(.+)$')
    if list then
        waiting[list] = true
    end
end
if not owned then
    return {}
end
if reply ~= '' then
    waiting[reply] = true
end
redis.call('XLEN', KEYS[3])
redis.call('XADD', stream, 'MAXLEN', '~', ARGV[2], '*', 'json', json)
local replies = {}
for list in pairs(waiting) do
    add_reply(replies, KEYS[3], list, id, json)
end
if own then
    redis.call('LREM', own, 1, ARGV[4])
end
for list in pairs(waiting) do
    redis.call('HDEL', hash, 'reply:' .. list)
end
redis.call('HDEL', hash, 'worker')
redis.call('HSET', hash, 'result', json, unpack(ARGV, 7))
redis.call('EXPIRE', hash, ARGV[3])
return replies
