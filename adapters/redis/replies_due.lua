-- Replies that nobody has delivered for a while (replies.lua): whoever was to do it may have died, or the list took none.
--
-- KEYS 1 replies  ARGV 1 ms after which they are anybody's  2 how many are answered  3 how many are looked at
--      4 the entry behind which to begin, '' for the first  5.. lists that are passed over
-- Answers the entry behind which the next look begins ('' where this one came to the end) and ms of Redis's clock, and
-- then as add_reply does.
local most, looked = tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local pass = {}
for i = 5, #ARGV do
    pass[ARGV[i]] = true
end

local from = ARGV[4] == '' and '-' or '(' .. ARGV[4]
local before = string.format('%.0f', now_ms - tonumber(ARGV[1]))
local entries = redis.call('XRANGE', KEYS[1], from, before, 'COUNT', looked)
local answer, found = {'', string.format('%.0f', now_ms)}, 0
for i, entry in ipairs(entries) do
    if not pass[entry[2][2]] then
        answer[#answer + 1] = entry[1]
        for part = 2, 6, 2 do
            answer[#answer + 1] = entry[2][part] or ''
        end
        found = found + 1
    end
    if found == most or i == looked then
        answer[1] = entry[1]
        break
    end
end
return answer
