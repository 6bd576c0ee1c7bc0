-- Replies that nobody has delivered for a while (replies.lua): whoever was to do it may have died.
--
-- KEYS 1 replies  ARGV 1 ms after which they are anybody's  2 how many
-- Answers as add_reply does.
local time = redis.call('TIME')
local before = time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(ARGV[1])
local replies = {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '-', string.format('%.0f', before), 'COUNT', ARGV[2])) do
    replies[#replies + 1] = entry[1]
    for i = 2, 6, 2 do
        replies[#replies + 1] = entry[2][i] or ''
    end
end
return replies
