-- Workers say that they live, and declare dead who does not.
--
-- The dead are remembered until nothing is left in their lists (give_back.lua). Nobody is in neither set and gets a message
-- all the same: take.lua sees to that.
--
-- KEYS 1 workers (name, last beat in ms of Redis's clock)  2 the dead (name, time of death)  3 replies (replies.lua)
-- ARGV 1 operation: join, beat, leave  2 own name  3 ms without a beat after which a worker is dead
--      4 dead workers to look after in one go
-- Answers {1, or 0 where this worker was declared dead; how many replies wait; names of the dead that are to be looked after}.
local workers, dead = KEYS[1], KEYS[2]
local operation, name, dead_after_ms, at_once = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])

local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)

-- Among the dead first: a worker that is in neither set has a list that nobody looks after.
local function bury(worker)
    redis.call('ZADD', dead, now_ms, worker)
    redis.call('ZREM', workers, worker)
end

if operation == 'leave' then
    bury(name)
    return {1, 0}
end
if operation == 'beat' and not redis.call('ZSCORE', workers, name) then
    bury(name) -- once more: it may have been forgotten, and taken a job since it woke up
    return {0, 0}
end
-- Who was silent for long although nobody buried it has shared that silence with the others (Redis was away): they get the
-- time of one beat to speak.
local last = tonumber(redis.call('ZSCORE', workers, name) or now_ms)
redis.call('ZADD', workers, now_ms, name)
if now_ms - last > dead_after_ms then
    return {1, 0}
end
for _, worker in ipairs(redis.call('ZRANGEBYSCORE', workers, '-inf', now_ms - dead_after_ms, 'LIMIT', 0, at_once)) do
    bury(worker)
end
-- However many die at once, with the next beats each has its turn: who has been looked after is forgotten.
local replies = redis.pcall('XLEN', KEYS[3]) -- of another type: accept.lua and finish.lua say so
return {1, type(replies) == 'number' and replies or 0, unpack(redis.call('ZRANGE', dead, 0, at_once - 1))}
