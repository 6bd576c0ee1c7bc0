-- What is going on, for people: queues, workers, how the latest jobs ended. One JSON object.
--
-- KEYS 1..3 queues high, normal, low  4..6 their messages on the way to workers  7 dead jobs
--      8 workers (heartbeats in ms of Redis's clock)  9 result stream  10 pulses (pulse.lua)  11.. lists of workers
-- ARGV 1 results to look at  2 failures to name  3 jobs to name per worker  4 dead jobs to name
--      5 ms of silence after which a pulse counts as gone  6.. the workers of those lists
local results_max, failures_max, jobs_max = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local dead_max, silent_ms = tonumber(ARGV[4]), tonumber(ARGV[5])
local DEAD, WORKERS, RESULTS, PULSES = KEYS[7], KEYS[8], KEYS[9], KEYS[10]

local list_of = {} -- by worker
for i = 6, #ARGV do
    list_of[ARGV[i]] = KEYS[i + 5]
end

local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)

local function decode(text)
    local ok, value = pcall(cjson.decode, text)
    return ok and type(value) == 'table' and value or nil
end

-- What somebody wrote, as far as it can be written again: JSON has no infinity, and tables are looked into once.
local function clean(value, depth)
    if type(value) == 'number' then
        return value > -math.huge and value < math.huge and value or nil
    elseif type(value) ~= 'table' then
        return (type(value) == 'string' or type(value) == 'boolean') and value or nil
    end
    local cleaned = {}
    for name, member in pairs(value) do
        cleaned[name] = (type(member) ~= 'table' or depth > 0) and clean(member, depth - 1) or nil
    end
    return cleaned
end

local function text(value)
    return type(value) == 'string' and value or nil
end

-- An empty table would be written as {}; a list that is empty is left out.
local function list(items)
    return #items > 0 and items or nil
end

local answer = {queues = {}, ended = {}}
for i, name in ipairs({'high', 'normal', 'low'}) do
    answer.queues[name] = redis.call('LLEN', KEYS[i]) + redis.call('LLEN', KEYS[3 + i])
end
answer.queues.dead = redis.call('LLEN', DEAD)

-- When the message that waits longest was created, where it says so. What is longer than a job is none, and is not read.
local JOB_BYTES_MAX = 16 * 1024
answer.oldest = {}
for i, name in ipairs({'high', 'normal', 'low'}) do
    local message = redis.call('LINDEX', KEYS[i], -1) or ''
    local job = #message <= JOB_BYTES_MAX and decode(message)
    answer.oldest[name] = job and text(job.created_at) or nil
end
answer.oldest = next(answer.oldest) and answer.oldest

local dead = {}
for _, message in ipairs(redis.call('LRANGE', DEAD, 0, dead_max - 1)) do
    dead[#dead + 1] = text((decode(message) or {}).error)
end
answer.dead = list(dead)

-- Each process that has spoken of late, by its name. Of workers, what is said belongs to the worker; one that has not
-- joined is none yet, and waits for Redis.
local beats, joined = redis.call('ZRANGE', WORKERS, 0, -1, 'WITHSCORES'), {}
for i = 1, #beats, 2 do
    joined[beats[i]] = true
end
local pulses, commands, starting = {}, {}, {}
local said = redis.call('HGETALL', PULSES)
for i = 1, #said, 2 do
    local at, json = said[i + 1]:match('^(%d+) (.*)$')
    local pulse = clean(decode(json or ''), 1)
    local age_ms = now_ms - (tonumber(at) or 0)
    if pulse and type(pulse.command) == 'string' and age_ms <= silent_ms then
        pulse.age_ms = age_ms
        pulses[said[i]] = pulse
        if pulse.command ~= 'worker' then
            commands[#commands + 1] = said[i]
        elseif pulse.starting == true and not joined[said[i]] then
            pulse.name = said[i]
            starting[#starting + 1] = said[i]
        end
    end
end

local function pulses_of(names)
    table.sort(names)
    for i, name in ipairs(names) do
        names[i] = pulses[name]
    end
    return list(names)
end
answer.commands = pulses_of(commands)
answer.starting = pulses_of(starting)

local workers = {}
for i = 1, #beats, 2 do
    local jobs = list_of[beats[i]] -- none of one that has just come
    local worker = {name = beats[i], age_ms = now_ms - beats[i + 1], jobs = jobs and redis.call('LLEN', jobs) or 0}
    local named = {}
    local oldest = jobs and redis.call('LRANGE', jobs, -jobs_max, -1) or {}
    for j = #oldest, 1, -1 do -- what was taken first is at the right end
        local job = decode(oldest[j])
        if job then
            named[#named + 1] = {id = text(job.id), prm = text(job.prm), kind = text(job.kind)}
        end
    end
    worker.running = list(named)
    worker.pulse = pulses[beats[i]]
    workers[#workers + 1] = worker
end
table.sort(workers, function(a, b) return a.name < b.name end) -- each keeps its place from look to look
answer.workers = list(workers)

-- What one usage point fails with is named once, with how many jobs that is of.
local failures, alike = {}, {}
for _, entry in ipairs(redis.call('XREVRANGE', RESULTS, '+', '-', 'COUNT', results_max)) do
    local result = decode(entry[2][2])
    if result and type(result.state) == 'string' then
        answer.ended[result.state] = (answer.ended[result.state] or 0) + 1
        if result.state == 'failed' or result.state == 'partial' then
            local why = table.concat({result.state, text(result.prm) or '', text(result.error) or ''}, '\n')
            if alike[why] then
                alike[why].jobs = alike[why].jobs + 1
            elseif #failures < failures_max then
                alike[why] = {id = text(result.id), prm = text(result.prm), kind = text(result.kind), state = result.state,
                              error = text(result.error), finished_at = text(result.finished_at), jobs = 1}
                failures[#failures + 1] = alike[why]
            end
        end
    end
end
answer.failures = list(failures)
return cjson.encode(answer)
