--with named.lua
-- One step through the stream of results: the entries that name a usage point go.
--
-- KEYS 1 the stream  ARGV as in named.lua
local entries = redis.call('XRANGE', KEYS[1], cursor ~= '' and cursor or '-', '+', 'COUNT', at_once)
for _, entry in ipairs(entries) do
    local found = named(table.concat(entry[2], '\n'))
    if found then
        count(found, 'results')
        if erase then
            redis.call('XDEL', KEYS[1], entry[1])
        end
    end
end
return answer(#entries < at_once and '' or '(' .. entries[#entries][1])
