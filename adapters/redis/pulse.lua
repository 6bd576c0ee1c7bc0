-- What a process says of itself, for people who ask releve status. Nothing else depends on it. And what it has counted
-- since it said so last, for metrics.
--
-- KEYS 1 pulses: name of a process -> "<ms of Redis's clock> <JSON>"  2 counters: name -> count
--      3 the number of what this process said last  4 history: "<slot>:<name>" -> count, of the last day
-- ARGV 1 name  2 JSON; empty: it ends  3 ms of silence after which a process counts as gone  4 processes at most
--      5 the number of this: what is said again, as its reply was lost, counts once  6 s for which that is remembered
--      7 s of a slot  8 slots of the history  9.. names of counters, and how much more each is
local silent_ms = tonumber(ARGV[3])

local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)

local pulses = redis.call('HGETALL', KEYS[1])
for i = 1, #pulses, 2 do
    if now_ms - (tonumber(pulses[i + 1]:match('^%d+')) or 0) > silent_ms then
        redis.call('HDEL', KEYS[1], pulses[i])
    end
end
if ARGV[2] == '' then
    redis.call('HDEL', KEYS[1], ARGV[1])
elseif redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 or redis.call('HLEN', KEYS[1]) < tonumber(ARGV[4]) then
    redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f %s', now_ms, ARGV[2]))
    redis.call('PEXPIRE', KEYS[1], silent_ms)
end

-- What the last day is made of: permits by bucket, and jobs by how they ended, whatever their kind.
local slot_s, slots = tonumber(ARGV[7]), tonumber(ARGV[8])
local slot = math.floor(time[1] / slot_s)
local function note(name, more)
    local state = name:match('^jobs:[^:]+:([^:]+)$')
    local kept = state and 'jobs:' .. state or name:match('^granted:.+$')
    if kept then
        redis.pcall('HINCRBY', KEYS[4], string.format('%.0f:%s', slot, kept), more)
    end
end

-- The first one of a slot drops the slots that are older than the day.
local function begin_slot()
    local mark = string.format('%.0f:', slot)
    if redis.pcall('HEXISTS', KEYS[4], mark) ~= 0 then
        return
    end
    for _, field in ipairs(redis.call('HKEYS', KEYS[4])) do
        if (tonumber(field:match('^%d+')) or 0) < slot - slots then
            redis.call('HDEL', KEYS[4], field)
        end
    end
    redis.call('HSET', KEYS[4], mark, 0)
    redis.call('EXPIRE', KEYS[4], slot_s * (slots + 1))
end

local function is_news()
    local last = redis.pcall('GET', KEYS[3])
    return tonumber(ARGV[5]) > (tonumber(type(last) == 'string' and last) or 0)
end

if #ARGV > 9 and is_news() then
    begin_slot()
    for i = 9, #ARGV, 2 do
        redis.pcall('HINCRBY', KEYS[2], ARGV[i], ARGV[i + 1]) -- what somebody else has made no number of stays as it is
        note(ARGV[i], ARGV[i + 1])
    end
    redis.call('SET', KEYS[3], ARGV[5], 'EX', ARGV[6])
end
return redis.status_reply('OK')
