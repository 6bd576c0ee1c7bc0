-- Of which usage points is it worth asking upstream who has which kinds?
--
-- KEYS    the usage points
-- ARGV 1  what was asked after that moment is still believed  2.. the kinds that somebody wants
-- Returns a '1' or a '0' for each. What is no hash is for others to complain about.
local due = {}
for i = 1, #KEYS do
    local known = redis.pcall('HMGET', KEYS[i], 'point:services_at', 'point:services_kinds')
    local at = not known.err and known[1]
    local wanted = not at
    if at and at <= ARGV[1] then
        local kinds = ',' .. (known[2] or '') .. ','
        for k = 2, #ARGV do
            wanted = wanted or not string.find(kinds, ',' .. ARGV[k] .. ',', 1, true)
        end
    end
    due[i] = wanted and '1' or '0'
end
return table.concat(due)
