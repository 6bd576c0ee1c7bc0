--with days.lua
-- The days of one batch, all at once. A better day is never replaced by a worse one, whoever comes late (law 3:
-- nothing that upstream said is lost): complete, then partial, then hole and pending; of two partial ones the one that
-- covers less time is worse.
--
-- A key that holds something else than a day of ours is replaced.
--
-- The claim on the days ends here too: whoever claims next finds them.
--
-- KEYS 1 claims of the usage point and kind  2.. the days
-- ARGV 1 the claim's name  2.. the days' JSON, in the same order  then, where days expire, when each does (s since 1970).
-- Answers how many keys were written.
local WORTH = {complete = 3, partial = 2, hole = 1, pending = 1}

-- What a day is worth, and where the quote is that ends its state.
local function worth(json)
    local name, close = state_of(json)
    return name and WORTH[name] or 0, close
end

-- Of how many minutes a partial day has values: numbers of "values", each of one length, or "points" with theirs. Of a
-- day of registers: how many have a value.
local function minutes_in(json)
    local registers = string.match(json, '"registers":(%b[])')
    if registers then
        local _, numbers = string.gsub(registers, '"value":%d+}', '')
        return numbers
    end
    local values = string.match(json, '"values":(%b[])')
    if values then
        local _, numbers = string.gsub(values, '%d+', '')
        return numbers * (string.match(json, '"interval":"PT(%d+)M"') or 0)
    end
    local minutes = 0
    for length in string.gmatch(string.match(json, '"points":(%b[])') or '', '%[%d+,(%d+),%d+%]') do
        minutes = minutes + length
    end
    return minutes
end

local words = {} -- key, JSON, key, JSON ...: twice 1128 at most, a Lua stack holds 8000
local function put(key, json)
    words[#words + 1] = key
    words[#words + 1] = json
end

local unsure = {} -- keys of which something better may be known already
local news = {}
for i = 2, #KEYS do
    if worth(ARGV[i]) == WORTH.complete then
        put(KEYS[i], ARGV[i])
    else
        unsure[#unsure + 1] = KEYS[i]
        news[#news + 1] = ARGV[i]
    end
end

local known = #unsure > 0 and redis.call('MGET', unpack(unsure)) or {} -- false for what is no string
for i = 1, #unsure do
    local old, new = known[i], news[i]
    local old_worth, old_close = worth(old or '')
    local new_worth, new_close = worth(new)
    local less = old_worth == WORTH.partial and new_worth == WORTH.partial and minutes_in(new) < minutes_in(old)
    if old_worth <= new_worth and not less then
        put(unsure[i], new)
    else
        -- The values stay. Where they were to be asked again, that has been done: next time as the answer says.
        local piece = recheck_of(old, old_close)
        if piece ~= '' then
            put(unsure[i], sub(old, 1, old_close) .. recheck_of(new, new_close) .. sub(old, old_close + #piece + 1))
        end
    end
end

if #ARGV > #KEYS then
    local expiry = {}
    for i = 2, #KEYS do
        expiry[KEYS[i]] = ARGV[#KEYS + i - 1]
    end
    for i = 1, #words, 2 do
        redis.call('SET', words[i], words[i + 1], 'EXAT', expiry[words[i]])
    end
elseif #words > 0 then
    redis.call('MSET', unpack(words))
end
redis.pcall('HDEL', KEYS[1], ARGV[1]) -- what else may lie there keeps no day from having been stored
return #words / 2
