--with days.lua span.lua
-- A chunk's days are claimed, so that no other worker asks for them at the same moment. Refused where another process has
-- a claim that overlaps, or where an end of the chunk has been stored meanwhile: then the chunk is not the right one any
-- more. A process minds its own chunks itself.
--
-- KEYS 1 claims of the usage point and kind: name -> "first end expires"  2.. the days, or the document
-- ARGV 1 now (span.lua)  2 first day, counted from 1970-01-01  3 how many days  4 the process
--      5 name of the claim: process.number  6 its life in ms  7 which ends must not be known: both, last or any (neither)
-- Answers nil where it is claimed; else {one state character a day, 1 busy or 0 known}.
local claims, first, count, process, name = KEYS[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5]
local life_ms, ends = tonumber(ARGV[6]), ARGV[7]

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
    local values = redis.call('MGET', KEYS[2], KEYS[#KEYS])
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
    return {read_states(2), busy and 1 or 0}
end
redis.call('HSET', claims, name, string.format('%d %d %.0f', first, first + count, now_ms + life_ms))
redis.call('PEXPIRE', claims, life_ms)
forget()
return false
