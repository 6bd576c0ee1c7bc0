-- Which kinds a usage point has by its services. What is no hash is for others to complain about.
--
-- KEYS 1 the usage point  ARGV 1 now  2 the kinds
redis.pcall('HSET', KEYS[1], 'point:services_at', ARGV[1], 'point:services_kinds', ARGV[2])
return 1
