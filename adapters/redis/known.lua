--with days.lua span.lua
-- What is known of the days of a job, and of its usage point.
--
-- KEYS 1 point hash  2.. the days, or the document
-- ARGV 1 now (span.lua)
-- Answers {one state character a day, {field, value, ...} of the point}.
local facts = redis.pcall('HGETALL', KEYS[1])
if facts.err then
    facts = {}
end
return {read_states(2), facts}
