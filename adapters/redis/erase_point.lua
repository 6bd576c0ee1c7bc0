--with named.lua
-- Keys of one usage point go: days, documents, facts, claims. What somebody is asking for now stays, and is counted.
--
-- KEYS those keys  ARGV as in named.lua
local WHAT = {day = 'days', doc = 'documents', point = 'facts', claim = 'claims'}

local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)

-- Is somebody asking for these days now? As claim.lua reads them.
local function is_claimed(key)
    local held = redis.pcall('HVALS', key)
    for _, claim in ipairs(held) do -- none where it is no hash
        local expires = match(claim, '^%d+ %d+ (%d+)$')
        if expires and tonumber(expires) > now_ms then
            return true
        end
    end
    return false
end

for _, key in ipairs(KEYS) do
    local class, prm = match(key, '^(%l+):{(%d+)}', #prefix + 2)
    if class == 'claim' and is_claimed(key) then
        count({[prm] = true}, 'asked')
    elseif redis.call(erase and 'UNLINK' or 'EXISTS', key) == 1 then
        count({[prm] = true}, WHAT[class])
    end
end
return answer('')
