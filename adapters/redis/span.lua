-- The states of days. Joined, behind days.lua, in front of the scripts that name it.
--
-- ARGV 1 now (UTC, ISO)
local MISSING = '.'
local LETTERS = {complete = 'c', partial = 'p', hole = 'h', pending = 'w'}
local BATCH = 200 -- keys in one MGET: well below what a Lua stack holds

local now = ARGV[1]

-- The character of a stored day; false is what is no string. Missing is also what is to be asked again by now.
local function letter(value)
    local name, close = state_of(value or '')
    local state = name and LETTERS[name]
    if not state then
        return MISSING
    end
    local from = close + #RECHECK + 1
    if sub(value, close + 1, from - 1) == RECHECK and sub(value, from, from + #now - 1) < now then
        return MISSING
    end
    return state
end

-- The states of the days whose keys stand in KEYS from that place on, a character each.
local function read_states(first)
    local states = {}
    for from = first, #KEYS, BATCH do
        local values = redis.call('MGET', unpack(KEYS, from, math.min(from + BATCH - 1, #KEYS))) -- nil for what is no string
        for i = 1, math.min(BATCH, #KEYS - from + 1) do
            states[#states + 1] = letter(values[i])
        end
    end
    return table.concat(states)
end
