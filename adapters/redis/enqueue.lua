-- A job is put into its queue, once: a known id is not queued again.
--
-- KEYS 1 queue  2 job hash
-- ARGV 1 the job's words  2.. fields and values of the hash, which is forgotten where nobody takes the job for 30 days
-- Answers 1, or 0 where the id is known.
local WAITING_S = 30 * 24 * 3600 -- longer than a queue should be; the message itself stays

if redis.call('EXISTS', KEYS[2]) == 1 then
    return 0
end
redis.call('LPUSH', KEYS[1], ARGV[1]) -- what may be refused first: a script is not rolled back
redis.call('HSET', KEYS[2], unpack(ARGV, 2))
redis.call('EXPIRE', KEYS[2], WAITING_S)
return 1
