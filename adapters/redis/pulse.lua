-- What a process says of itself, for people who ask releve status. Nothing else depends on it. And what it has counted
-- since it said so last, for metrics.
--
-- KEYS 1 pulses: name of a process -> "<ms of Redis's clock> <JSON>"  2 counters: name -> count
--      3 the number of what this process said last
-- ARGV 1 name  2 JSON; empty: it ends  3 ms of silence after which a process counts as gone  4 processes at most
--      5 the number of this: what is said again, as its reply was lost, counts once  6 s for which that is remembered
--      7.. names of counters, and how much more each is
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
local last = redis.pcall('GET', KEYS[3])
if tonumber(ARGV[5]) > (tonumber(type(last) == 'string' and last) or 0) then
    for i = 7, #ARGV, 2 do
        redis.pcall('HINCRBY', KEYS[2], ARGV[i], ARGV[i + 1]) -- what somebody else has made no number of stays as it is
    end
    redis.call('SET', KEYS[3], ARGV[5], 'EX', ARGV[6])
end
return redis.status_reply('OK')
