--with named.lua
-- One step through all keys of a node, for those that are of the usage points, and those of the queue whose content says of
-- whom they are: hashes of jobs, lists of workers, notes. No key is opened.
--
-- A key that stands there from the first step to the last is met, perhaps twice (SCAN's promise).
--
-- ARGV as in named.lua
-- Answers {where the next step begins, '' at the end; the keys}.
local queue, points = '{' .. prefix .. '}:', prefix .. ':'
local OF_A_POINT = {day = true, doc = true, point = true, claim = true}

local function is_sought(key)
    if sub(key, 1, #queue) == queue then
        local class, rest = match(key, '^(%l+):(.*)$', #queue + 1)
        return class == 'job' or class == 'worker' and find(rest, ':jobs$') or class == 'missing' and wanted[sub(rest, 1, 14)]
    elseif sub(key, 1, #points) == points then
        local class, prm = match(key, '^(%l+):{(%d+)}', #points + 1)
        return OF_A_POINT[class or ''] and wanted[prm]
    end
end

local page = redis.call('SCAN', cursor ~= '' and cursor or '0', 'COUNT', at_once)
local reply = {page[1] ~= '0' and page[1] or ''}
for _, key in ipairs(page[2]) do
    if is_sought(key) then
        reply[#reply + 1] = key
    end
end
return reply
