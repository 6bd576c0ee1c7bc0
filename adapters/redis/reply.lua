-- One result to one reply list, once: a mark beside the list says that it was there. It lies in the list's slot.
--
-- KEYS 1 the list  2 the mark  ARGV 1 the JSON  2 seconds to keep the mark, longer than anybody repeats this
-- Answers 1, or 0 where it was there before. An error where the list takes nothing: then there is no mark.
if redis.call('EXPIRE', KEYS[2], ARGV[2]) == 1 then -- a write for WAIT, as in finish.lua
    return 0
end
local pushed = redis.pcall('RPUSH', KEYS[1], ARGV[1])
if type(pushed) == 'table' and pushed.err then
    local held = redis.pcall('TYPE', KEYS[1]).ok
    if held and held ~= 'none' and held ~= 'list' then
        return redis.error_reply('WRONGTYPE ' .. KEYS[1] .. ' holds a ' .. held .. ' instead of a list')
    end
    return pushed
end
redis.call('SET', KEYS[2], '', 'EX', ARGV[2])
return 1
