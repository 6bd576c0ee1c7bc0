-- A job ends, exactly once (law 4): its hash, the result stream and the list of whoever waits for it.
--
-- What can be refused comes first (the stream), so that the hash says "ended" only when the result is out.
-- A reply list that is no list is the requester's mistake and keeps nobody from the result.
--
-- KEYS 1 job hash  2 result stream  3 reply list (left out where there is none)
-- ARGV 1 result JSON  2 longest stream  3 seconds to keep the hash  4.. fields and values of the hash
-- Answers 1, or 0 where the job had ended before.
local FINAL = {done = true, partial = true, failed = true, not_applicable = true}

if FINAL[redis.call('HGET', KEYS[1], 'state') or ''] then
    return 0
end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*', 'json', ARGV[1])
if KEYS[3] then
    redis.pcall('RPUSH', KEYS[3], ARGV[1])
end
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
