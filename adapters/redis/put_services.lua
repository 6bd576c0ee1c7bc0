-- Which kinds usage points have by their services.
--
-- KEYS    the usage points
-- ARGV 1  now  2.. the kinds of each, in the same order
for i = 1, #KEYS do
    redis.pcall('HSET', KEYS[i], 'point:services_at', ARGV[1], 'point:services_kinds', ARGV[i + 1])
end
return #KEYS
