-- A stored day, read where it lies: a year of load curve would be half a megabyte on the wire. No JSON is decoded: the
-- writer puts "state" and "recheck_after" near the front, and text compares as time does. A key that holds something else
-- is no day of ours. Joined in front of the scripts that name it.
local find, sub = string.find, string.sub
local RECHECK = ',"recheck_after":"'

-- The name of the state, and where the quote is that ends it; nil where this is no day.
local function state_of(json)
    local _, at = find(json, '"state":"', 1, true)
    local close = at and find(json, '"', at + 1, true)
    return close and sub(json, at + 1, close - 1), close
end

-- `,"recheck_after":"..."`, which stands directly after the state, or ''.
local function recheck_of(json, close)
    if sub(json, close + 1, close + #RECHECK) ~= RECHECK then
        return ''
    end
    return sub(json, close + 1, find(json, '"', close + #RECHECK + 1, true))
end
