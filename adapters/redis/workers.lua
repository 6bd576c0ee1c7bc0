-- Workers say that they live, and declare dead who does not.
--
-- The dead are remembered until nothing is left in their lists (give_back.lua). Nobody is in neither set and gets a message
-- all the same: take.lua sees to that.
--
-- KEYS 1 workers (name, last beat in ms of Redis's clock)  2 the dead (name, time of death)  3 replies (replies.lua)
--      4 a mark: all were silent together, and nobody is buried while it is there
-- ARGV 1 operation: join, beat, leave  2 own name  3 ms without a beat after which a worker is dead
--      4 dead workers to look after in one go
-- Answers {state; how many replies wait; names of the dead that are to be looked after}. The state: 0 where this worker was
-- declared dead, 2 where others are silent that may still be declared dead after a silence of all, 1 else.
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
local newest = tonumber(redis.call('ZREVRANGE', workers, 0, 0, 'WITHSCORES')[2])
-- A beat is never later than now: another Redis has judged before, and its clock was ahead. Of the dead that moment would
-- never be long ago.
if newest and newest > now_ms then
    for _, worker in ipairs(redis.call('ZRANGEBYSCORE', workers, '(' .. string.format('%.0f', now_ms), '+inf')) do
        redis.call('ZADD', workers, now_ms, worker)
    end
end
-- Where nobody at all was heard for so long, Redis was away, or has another clock than before: that says nothing of anybody.
-- All have time to come back then. Half the time, as one that lives has beaten up to a beat before the others did.
local silent_ms = dead_after_ms / 2
if newest and now_ms - newest > silent_ms then
    redis.call('SET', KEYS[4], '', 'PX', dead_after_ms)
end
redis.call('ZADD', workers, now_ms, name)
local state = 1
local silent = redis.call('ZRANGEBYSCORE', workers, '-inf', string.format('%.0f', now_ms - silent_ms), 'WITHSCORES',
                          'LIMIT', 0, at_once)
if #silent > 0 and redis.call('EXISTS', KEYS[4]) == 1 then
    state = 2
else
    for i = 1, #silent, 2 do
        if now_ms - silent[i + 1] >= dead_after_ms then
            bury(silent[i])
        end
    end
end
-- However many die at once, with the next beats each has its turn: who has been looked after is forgotten.
local replies = redis.pcall('XLEN', KEYS[3]) -- of another type: accept.lua and finish.lua say so
return {state, type(replies) == 'number' and replies or 0, unpack(redis.call('ZRANGE', dead, 0, at_once - 1))}
