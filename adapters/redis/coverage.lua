-- What is known of the days of a job, and of its usage point; and the job begins, or a chunk of it is claimed.
--
-- A claim keeps other workers from asking for the same days at the same moment. It is refused where another holds one that
-- overlaps, or where the chunk's first or last day has been stored meanwhile: then the chunk is not the right one any more.
--
-- Reads each day where it lies: a year of load curve would be half a megabyte on the wire. No JSON is
-- decoded: the writer puts "state" and "recheck_after" near the front, and text compares as time does.
-- A key that holds something else than a day of ours counts as missing.
--
-- KEYS 1 point hash  2 job hash, or claims of the usage point and kind (left out where the job has no id)
-- ARGV 1 day keys up to the date  2 first day, counted from 1970-01-01  3 how many days  4 now (UTC, ISO)
--      5 seconds after which an abandoned job is forgotten  6.. fields and values of the job hash; or
--      5 'claim'  6 claim's name, process.number  7 its life in ms  8 how many of its ends must not be known: 2, 1 (the
--      last) or 0
-- Answers {one state character a day, {field, value, ...} of the point}; claim: {states, 1 claimed, 2 busy or 0 known}. The day keys are not in KEYS:
-- this is for one Redis, not for a cluster.
local MISSING = '.'
local LETTERS = {complete = 'c', partial = 'p', hole = 'h', pending = 'w'}
local FINAL = {done = true, partial = true, failed = true, not_applicable = true}
local RECHECK = ',"recheck_after":"'
local BATCH = 200 -- keys in one MGET: well below what a Lua stack holds

local prefix, first, count, now = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local find, sub, format = string.find, string.sub, string.format

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

local function letter(value)
    if not value then
        return MISSING
    end
    local _, at = find(value, '"state":"', 1, true)
    local close = at and find(value, '"', at + 1, true)
    local state = close and LETTERS[sub(value, at + 1, close - 1)]
    if not state then
        return MISSING
    end
    -- Where there is one, it stands directly after the state: a long curve need not be searched for it.
    local from = close + #RECHECK + 1
    if sub(value, close + 1, from - 1) == RECHECK and sub(value, from, from + #now - 1) < now then
        return MISSING
    end
    return state
end

-- Busy where another process has a claim that overlaps; a process minds its own chunks itself. Claims that have run out
-- are forgotten.
local function is_busy(claims, now_ms)
    local busy, own = false, '^' .. string.match(ARGV[6], '^%x+') .. '%.'
    local held = redis.call('HGETALL', claims)
    for i = 1, #held, 2 do
        local from, to, ends = string.match(held[i + 1], '^(%d+) (%d+) (%d+)$')
        if not ends or tonumber(ends) <= now_ms then
            redis.call('HDEL', claims, held[i])
        elseif tonumber(from) < first + count and tonumber(to) > first and not find(held[i], own) then
            busy = true
        end
    end
    return busy
end

local function key_of(number)
    return prefix .. format('%04d-%02d-%02d', civil(number))
end

local REFUSED_BUSY, REFUSED_KNOWN = 2, 0
local refused
if ARGV[5] == 'claim' then
    local time = redis.call('TIME')
    local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
    local ends = redis.call('MGET', key_of(first), key_of(first + count - 1))
    if is_busy(KEYS[2], now_ms) then
        refused = REFUSED_BUSY
    elseif (ARGV[8] == '2' and letter(ends[1]) ~= MISSING) or (ARGV[8] ~= '0' and letter(ends[2]) ~= MISSING) then
        refused = REFUSED_KNOWN
    else
        redis.call('HSET', KEYS[2], ARGV[6], format('%d %d %.0f', first, first + count, now_ms + tonumber(ARGV[7])))
        redis.call('PEXPIRE', KEYS[2], ARGV[7])
        return {'', 1}
    end
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

if refused then
    return {table.concat(states), refused}
end

-- A job that has ended stays ended: whoever begins it again after a crash must not revive it.
if KEYS[2] and not FINAL[redis.call('HGET', KEYS[2], 'state') or ''] then
    redis.call('HSET', KEYS[2], unpack(ARGV, 6))
    redis.call('EXPIRE', KEYS[2], ARGV[5])
end

local facts = redis.pcall('HGETALL', KEYS[1])
if facts.err then
    facts = {}
end
return {table.concat(states), facts}
