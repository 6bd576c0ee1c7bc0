--with entry.lua
-- A message comes from its queue into the worker's list.
--
-- A worker that waits sends BLMOVE with its reply skipped, and this script behind it in one go. So a message is judged here
-- before any of it is sent to the worker, however long it is. And BLMOVE moves it into a list that is the same for all
-- workers: whoever comes next finds what was left there by one that died in between. Only who is known to live gets
-- anything, so no list is ever filled that nobody looks after.
--
-- KEYS 1 queue  2 where BLMOVE moves its messages  3 the worker's list  4 workers  5 the dead
-- ARGV 1 class of the queue  2 worker  3 longest message in bytes  4 bytes that are kept of a longer one
-- Answers the entry (entry.lua); nil where there is none, 0 where this worker was declared dead.
local queue, moving, own, workers = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local class, worker, longest, kept = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])

-- What lies there belongs to those whose script comes next, or to nobody any more. At the head of its queue it wakes
-- whoever waits.
local function put_back()
    while redis.call('LLEN', moving) > 0 do
        redis.call('LMOVE', moving, queue, 'LEFT', 'RIGHT')
    end
end

if not redis.call('ZSCORE', workers, worker) then
    put_back()
    local time = redis.call('TIME')
    redis.call('ZADD', KEYS[5], time[1] * 1000 + math.floor(time[2] / 1000), worker) -- as workers.lua: it beats no more
    return 0
end
local from = redis.call('LLEN', moving) > 0 and moving or queue
local message = redis.call('LINDEX', from, -1)
if not message then
    return false
end
local entry = entry_of(class, message, #message <= longest and longest or kept)
local _, bytes, beginning = read_entry(message)
if bytes and bytes > longest and #beginning < bytes then
    entry = message -- cut by a worker that died then
end
redis.call('LPUSH', own, entry)
redis.call('LTRIM', from, 0, -2)
put_back()
return entry
