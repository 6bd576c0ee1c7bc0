-- Are these keys days, or free? Fails at the first one that holds something of another type (WRONGTYPE).
--
-- KEYS the days
for _, key in ipairs(KEYS) do
    redis.call('STRLEN', key)
end
return true
