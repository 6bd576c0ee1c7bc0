--with days.lua span.lua
-- A chunk's days are claimed, so that no other worker asks for them at the same moment. Refused where another process has
-- a claim that overlaps, or where an end of the chunk has been stored meanwhile: then the chunk is not the right one any
-- more. A process minds its own chunks itself.
--
-- KEYS 1 claims of the usage point and kind: name -> "first end expires"  2 the first day  3 the last day
-- ARGV 1..4 the days (span.lua)  5 the process  6 name of the claim: process.number  7 its life in ms
--      8 which ends must not be known: both, last or any (neither)
-- Answers nil where it is claimed; else {one state character a day, 1 busy or 0 known}.
local claims, process, name, life_ms, ends = KEYS[1], ARGV[5], ARGV[6], tonumber(ARGV[7]), ARGV[8]

local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)

local expired = {}
local function is_busy()
    local busy = false
    local held = redis.call('HGETALL', claims)
    for i = 1, #held, 2 do
        local from, to, expires = string.match(held[i + 1], '^(%d+) (%d+) (%d+)$')
        if not expires or tonumber(expires) <= now_ms then
            expired[#expired + 1] = held[i] ~= name and held[i] or nil
        elseif tonumber(from) < first + count and tonumber(to) > first and
            sub(held[i], 1, #process + 1) ~= process .. '.' then
            busy = true
        end
    end
    return busy
end

local function is_known()
    local values = redis.call('MGET', KEYS[2], KEYS[3])
    return ends == 'both' and letter(values[1]) ~= MISSING or ends ~= 'any' and letter(values[2]) ~= MISSING
end

-- Claims that have run out are forgotten, and only once the new one stands: a Redis that is full refuses what adds to it as
-- long as the script has changed nothing.
local function forget()
    for _, one in ipairs(expired) do
        redis.call('HDEL', claims, one)
    end
end

local busy = is_busy()
if busy or is_known() then
    forget()
    return {read_states(), busy and 1 or 0}
end
redis.call('HSET', claims, name, format('%d %d %.0f', first, first + count, now_ms + life_ms))
redis.call('PEXPIRE', claims, life_ms)
forget()
return false
