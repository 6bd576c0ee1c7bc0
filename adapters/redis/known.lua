--with days.lua span.lua jobs.lua
-- What is known of the days of a job, and of its usage point; and the job begins.
--
-- KEYS 1 point hash  2 job hash (left out where the job has no id)
-- ARGV 1..4 the days (span.lua)  5 seconds after which an abandoned job is forgotten  6.. fields and values of the job hash
-- Answers {one state character a day, {field, value, ...} of the point}.

-- A job that has ended stays ended: whoever begins it again after a crash must not revive it.
if KEYS[2] and not FINAL[redis.call('HGET', KEYS[2], 'state') or ''] then
    redis.call('HSET', KEYS[2], unpack(ARGV, 6))
    redis.call('EXPIRE', KEYS[2], ARGV[5])
end

local facts = redis.pcall('HGETALL', KEYS[1])
if facts.err then
    facts = {}
end
return {read_states(), facts}
