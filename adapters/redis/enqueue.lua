-- A job is put into its queue, once: a known id is not queued again.
--
-- KEYS 1 queue  2 job hash
-- ARGV 1 the job's words  2.. fields and values of the hash, which stays until the job has ended
-- Answers 1, or 0 where the id is known.
if redis.call('EXISTS', KEYS[2]) == 1 then
    return 0
end
redis.call('HSET', KEYS[2], unpack(ARGV, 2))
redis.call('LPUSH', KEYS[1], ARGV[1])
return 1
