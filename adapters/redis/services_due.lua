-- Of which usage points is it worth asking upstream who has which kinds?
--
-- KEYS    the usage points
-- ARGV 1  what was asked after that moment is still believed  2 begins the key of a day  3 the last day that is wanted
--      4.. the kinds that are wanted
-- Returns a '1' or a '0' for each. What is no hash is for others to complain about.
local due = {}
for i = 1, #KEYS do
    local known = redis.pcall('HMGET', KEYS[i], 'point:services_at', 'point:services_kinds')
    local at = not known.err and known[1]
    local kinds = ',' .. (not known.err and known[2] or '') .. ','
    local wanted = false
    for k = 4, #ARGV do
        local there = at and string.find(kinds, ',' .. ARGV[k] .. ',', 1, true)
        if (not at or at <= ARGV[1]) and not there and not wanted then
            local day = ARGV[2] .. string.sub(KEYS[i], -14) .. ':' .. ARGV[k] .. ':' .. ARGV[3]
            wanted = redis.call('EXISTS', day) == 0 and redis.pcall('HEXISTS', KEYS[i], ARGV[k] .. ':absent_at') == 0
        end
    end
    due[i] = wanted and '1' or '0'
end
return table.concat(due)
