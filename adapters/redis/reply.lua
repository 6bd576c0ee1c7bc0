-- One result to one reply list, once: a mark beside the list says that it was there. It lies in the list's slot.
--
-- KEYS 1 the list  2 the mark  ARGV 1 the JSON  2 seconds to keep the mark, longer than anybody repeats this
-- Answers 1, or 0 where it was there before. A list that is no list is the requester's mistake, and keeps nobody.
if not redis.call('SET', KEYS[2], '', 'NX', 'EX', ARGV[2]) then
    redis.call('EXPIRE', KEYS[2], ARGV[2]) -- a write for WAIT, as in finish.lua
    return 0
end
redis.pcall('RPUSH', KEYS[1], ARGV[1])
return 1
