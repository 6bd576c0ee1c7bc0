--with jobs.lua
-- A job is put into its queue, once: a known id is not queued again.
--
-- KEYS 1 queue  2 job hash  3 note of the latest job that was queued for what was missing of a series: the key of its hash
--      (left out for jobs that are queued whatever is missing)  4 the hash that the note named (left out where it named none)
-- ARGV 1 the job's words  2 what the note held, '' for nothing  3.. fields and values of the hash, which is forgotten where
--      nobody takes the job for 30 days
-- Answers 1; 0 where the id is known or the latest job of the series has not ended; 2 where the note holds something else.
local WAITING_S = 30 * 24 * 3600 -- longer than a queue should be; the message itself stays

if redis.call('EXISTS', KEYS[2]) == 1 then
    -- A write for WAIT, which some versions of Redis let count only writes of its own connection: it changes nothing.
    local left_ms = redis.call('PTTL', KEYS[2])
    if left_ms > 0 then
        redis.call('PEXPIRE', KEYS[2], left_ms)
    end
    -- The note names this very job: it was queued by this command, of which the answer was lost.
    return KEYS[3] and redis.call('GET', KEYS[3]) == KEYS[2] and 1 or 0
end
if KEYS[3] then
    if (redis.call('GET', KEYS[3]) or '') ~= ARGV[2] then
        return 2
    end
    local state = KEYS[4] and redis.pcall('HGET', KEYS[4], 'state')
    if type(state) == 'string' and not FINAL[state] then
        return 0
    end
end
redis.call('LPUSH', KEYS[1], ARGV[1]) -- what may be refused first: a script is not rolled back
redis.call('HSET', KEYS[2], unpack(ARGV, 3))
redis.call('EXPIRE', KEYS[2], WAITING_S)
if KEYS[3] then
    redis.call('SET', KEYS[3], KEYS[2], 'EX', WAITING_S)
end
return 1
