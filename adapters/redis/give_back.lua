-- What a worker that is dead, or leaves, has in its list goes back to the heads of the queues.
--
-- The list's right end holds what was taken first, and a queue's right end is taken first: pushed from the left end on, the
-- oldest is the next again. What its queue refuses stays in the list. Whoever comes second finds it gone.
--
-- KEYS 1 the worker's list  2 the dead  3..5 queues high, normal, low  6.. hashes of jobs
-- ARGV 1 worker  2.. for each entry, in their order: itself, its queue (1 to 3), what goes there, its job's hash (0: none; 1
--      is KEYS[6])
-- Answers how many went back, or what was refused in the end: it keeps nobody else from his turn.
local list, dead, worker = KEYS[1], KEYS[2], ARGV[1]
local given_back, trouble = 0, nil

for at = 2, #ARGV, 4 do
    local text, queue, message, hash = ARGV[at], KEYS[2 + ARGV[at + 1]], ARGV[at + 2], KEYS[5 + ARGV[at + 3]]
    if redis.call('LPOS', list, text) then
        local pushed = redis.pcall('RPUSH', queue, message)
        if type(pushed) == 'table' then
            trouble = pushed
        else
            given_back = given_back + 1
            redis.call('LREM', list, 1, text)
            if ARGV[at + 3] ~= '0' and redis.pcall('HGET', hash, 'worker') == worker then -- whatever else is there stays
                redis.call('HDEL', hash, 'worker')
                redis.call('HSET', hash, 'state', 'queued')
            end
        end
    end
end
if redis.call('EXISTS', list) == 0 then
    redis.call('ZREM', dead, worker)
end
return trouble or given_back
