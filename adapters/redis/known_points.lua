-- The next step through all keys of a node: of which usage points are there facts or days? No key is opened.
--
-- ARGV 1 where the step begins (0: the first)  2 key of a usage point's facts up to the PRM  3 of its days  4 how many keys
--      Redis looks at in a step, about
-- Answers {where the next one begins (0: that was the last), their PRMs of 14 digits, one behind the other}. Each comes once in
-- a step, and again in others.
local PRM = '^' .. string.rep('%d', 14)
local sub, match = string.sub, string.match
local facts, days = ARGV[2], ARGV[3]

local function prm_of(key)
    if sub(key, 1, #days) == days then
        local prm = match(key, PRM .. '}:', #days + 1)
        return prm and sub(prm, 1, -3)
    end
    local prm = sub(key, 1, #facts) == facts and match(key, PRM .. '}$', #facts + 1)
    return prm and sub(prm, 1, -2)
end

local step = redis.call('SCAN', ARGV[1], 'COUNT', ARGV[4])
local prms, seen = {}, {}
for _, key in ipairs(step[2]) do
    local prm = prm_of(key)
    if prm and not seen[prm] then
        seen[prm] = true
        prms[#prms + 1] = prm
    end
end
return {step[1], table.concat(prms)}
