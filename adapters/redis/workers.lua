--with entry.lua
-- Workers say that they live, and take the jobs of those that do not back to the heads of their queues.
--
-- The dead are remembered until their lists are empty, and for a while longer. Nobody is in neither set and gets a message
-- all the same: take.lua sees to that.
--
-- KEYS 1 workers (name, last beat in ms of Redis's clock)  2 the dead (name, time of death)  3..5 queues high, normal, low
-- ARGV 1 operation: join, beat, leave  2 own name  3 ms without a beat after which a worker is dead
--      4 ms for which the dead are remembered  5 prefix of the keys  6 dead workers to look after in one go
-- Answers 1 and how many messages of dead workers went back to their queues, or 0 where this worker was declared dead.
local workers, dead = KEYS[1], KEYS[2]
local operation, name, dead_after_ms, remembered_ms = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local prefix, at_once = ARGV[5], tonumber(ARGV[6])
local QUEUES = {high = KEYS[3], normal = KEYS[4], low = KEYS[5]}

local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)

local function list_of(worker)
    return prefix .. ':worker:' .. worker .. ':jobs'
end

-- What Redis refused on the way: it keeps nobody else from his turn, and is answered in the end.
local trouble
local given_back = 0

-- Where an entry of a worker's list goes back to, what of it, and the job that it is (empty where it was not read yet).
local function origin(text)
    local class, bytes, message = read_entry(text)
    if QUEUES[class or ''] then
        return QUEUES[class], #message == bytes and message or text, {} -- one that was cut is known by its line
    end
    local ok, job = pcall(cjson.decode, text)
    if not ok or type(job) ~= 'table' then
        job = {}
    end
    return QUEUES[job.priority] or QUEUES.normal, text, job
end

-- The list's right end holds what was taken first, and a queue's right end is taken first: pushed from the left end on,
-- the oldest is the next again. What its queue refuses stays in the list.
local function give_back(worker)
    local list = list_of(worker)
    local items = redis.pcall('LRANGE', list, 0, -1)
    trouble = items.err and items or trouble
    for _, text in ipairs(items) do
        local queue, message, job = origin(text)
        local pushed = redis.pcall('RPUSH', queue, message)
        if type(pushed) == 'table' then
            trouble = pushed
        else
            given_back = given_back + 1
            redis.call('LREM', list, 1, text)
            if type(job.id) == 'string' then
                local hash = prefix .. ':job:' .. job.id
                if redis.pcall('HGET', hash, 'worker') == worker then -- whatever else is under that key stays
                    redis.call('HDEL', hash, 'worker')
                    redis.call('HSET', hash, 'state', 'queued')
                end
            end
        end
    end
end

-- Among the dead first: a worker that is in neither set has a list that nobody looks after.
local function bury(worker)
    redis.call('ZADD', dead, now_ms, worker)
    redis.call('ZREM', workers, worker)
end

if operation == 'leave' then
    give_back(name)
    bury(name)
    return trouble or 1
end
if operation == 'beat' and not redis.call('ZSCORE', workers, name) then
    bury(name) -- once more: it may have been forgotten, and taken a job since it woke up
    return 0
end
-- Who was silent for long although nobody buried it has shared that silence with the others (Redis was away): they get the
-- time of one beat to speak.
local last = tonumber(redis.call('ZSCORE', workers, name) or now_ms)
redis.call('ZADD', workers, now_ms, name)
if now_ms - last > dead_after_ms then
    return 1
end
for _, worker in ipairs(redis.call('ZRANGEBYSCORE', workers, '-inf', now_ms - dead_after_ms, 'LIMIT', 0, at_once)) do
    bury(worker)
end
-- Nobody is forgotten whose list is not empty: however many die at once, with the next beats each has its turn.
local looked_after = 0
local remembered = redis.call('ZRANGE', dead, 0, -1, 'WITHSCORES')
for i = 1, #remembered, 2 do
    local worker = remembered[i]
    if redis.call('EXISTS', list_of(worker)) == 1 then
        if looked_after < at_once then
            looked_after = looked_after + 1
            give_back(worker)
        end
    elseif tonumber(remembered[i + 1]) < now_ms - remembered_ms then
        redis.call('ZREM', dead, worker)
    end
end
return operation == 'beat' and trouble or 1 + given_back -- a worker that joins has joined: the next beat says it
