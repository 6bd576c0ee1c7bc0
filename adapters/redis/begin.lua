--with jobs.lua
-- A job that came from no queue begins. One that has ended stays ended: whoever begins it again after a crash must not revive it.
--
-- KEYS 1 job hash
-- ARGV 1 seconds after which an abandoned job is forgotten  2.. fields and values of the hash
if not FINAL[redis.call('HGET', KEYS[1], 'state') or ''] then
    redis.call('HSET', KEYS[1], unpack(ARGV, 2))
    redis.call('EXPIRE', KEYS[1], ARGV[1])
end
return redis.status_reply('OK')
