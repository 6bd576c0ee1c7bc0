-- The days of a span: their keys and their states. Joined, behind days.lua, in front of the scripts that name it.
--
-- ARGV 1 day keys up to the date, or the key of a document  2 first day, counted from 1970-01-01  3 how many days  4 now (UTC, ISO)
-- The day keys are not in KEYS: this is for one Redis, not for a cluster.
local MISSING = '.'
local LETTERS = {complete = 'c', partial = 'p', hole = 'h', pending = 'w'}
local BATCH = 200 -- keys in one MGET: well below what a Lua stack holds

local prefix, first, count, now = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local format = string.format

-- Year, month and day of a day number (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
local function civil(day)
    local z = day + 719468
    local era = math.floor(z / 146097)
    local doe = z - era * 146097
    local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
    local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
    local mp = math.floor((5 * doy + 2) / 153)
    local month = mp < 10 and mp + 3 or mp - 9
    return yoe + era * 400 + (month <= 2 and 1 or 0), month, doy - math.floor((153 * mp + 2) / 5) + 1
end

local function month_days(year, month)
    if month == 2 then
        return (year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)) and 29 or 28
    end
    return (month == 4 or month == 6 or month == 9 or month == 11) and 30 or 31
end

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

-- The states of all days, a character each. A document has one key, without a date.
local function read_states()
    if sub(prefix, -1) ~= ':' then
        return letter(redis.call('MGET', prefix)[1])
    end
    local states = {}
    local year, month, day = civil(first)
    local last = month_days(year, month)
    for from = 1, count, BATCH do
        local keys = {}
        for i = 1, math.min(BATCH, count - from + 1) do
            keys[i] = prefix .. format('%04d-%02d-%02d', year, month, day)
            day = day + 1
            if day > last then
                day, month = 1, month + 1
                if month > 12 then
                    month, year = 1, year + 1
                end
                last = month_days(year, month)
            end
        end
        local values = redis.call('MGET', unpack(keys)) -- nil for what is no string
        for i = 1, #keys do
            states[from + i - 1] = letter(values[i])
        end
    end
    return table.concat(states)
end
