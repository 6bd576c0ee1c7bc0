--with days.lua span.lua replicas.lua
-- What is known of the days of a job, and of its usage point.
--
-- KEYS 1 point hash  2 mark, where replicas are waited for; then the days, or the document
-- ARGV 1 now (span.lua)  2 'mark' where there is one
-- Answers {one state character a day, {field, value, ...} of the point}.
local has_mark = ARGV[2] == 'mark'
if has_mark then
    write_for_replicas(KEYS[2])
end
local facts = redis.pcall('HGETALL', KEYS[1])
if facts.err then
    facts = {}
end
return {read_states(has_mark and 3 or 2), facts}
