-- Is it worth asking upstream which kinds a usage point has?
--
-- KEYS 1 the usage point  2.. the last day that is wanted, of each kind that is
-- ARGV 1 what was asked after that moment is still believed  2.. the kinds, in the same order
-- Answers 1 or 0. What is no hash is for others to complain about.
local point = KEYS[1]
local known = redis.pcall('HMGET', point, 'point:services_at', 'point:services_kinds')
local at = not known.err and known[1]
local kinds = ',' .. (not known.err and known[2] or '') .. ','
if at and at > ARGV[1] then
    return 0
end
for i = 2, #ARGV do
    local there = at and string.find(kinds, ',' .. ARGV[i] .. ',', 1, true)
    if not there and redis.call('EXISTS', KEYS[i]) == 0 and redis.pcall('HEXISTS', point, ARGV[i] .. ':absent_at') == 0 then
        return 1
    end
end
return 0
