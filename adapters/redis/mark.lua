--with replicas.lua
-- Changes nothing. Sent with WAIT behind it, it says whether replicas have all that was written in its slot before.
--
-- KEYS 1 the mark
write_for_replicas(KEYS[1])
return redis.status_reply('OK')
