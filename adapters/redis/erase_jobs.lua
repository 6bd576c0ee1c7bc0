--with named.lua
-- Keys of the queue, as far as they name a usage point: hashes of jobs and notes of the latest jobs go, and what the lists of
-- dead workers hold of it. What a living worker holds stays, and is counted.
--
-- KEYS 1 workers (name, last beat in ms of Redis's clock)  2.. those keys
-- ARGV as in named.lua
local workers, dead_after_ms = KEYS[1], tonumber(ARGV[5])
local queue = '{' .. prefix .. '}:'

local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)

local function lives(worker)
    local beat = redis.call('ZSCORE', workers, worker)
    return beat and now_ms - tonumber(beat) <= dead_after_ms
end

local function remove(key, found)
    if redis.call(erase and 'UNLINK' or 'EXISTS', key) == 1 then
        count(found, 'jobs')
    end
end

-- False where it is no hash.
local function see_job(key)
    local fields = redis.pcall('HGETALL', key)
    if fields.err then
        return false
    end
    local found = #fields > 0 and named(key .. '\n' .. table.concat(fields, '\n'))
    if found then
        remove(key, found)
    end
    return true
end

-- False where it is no list. A worker holds some hundred jobs, so the list is read whole.
local function see_list_of_a_worker(key, worker)
    local texts = redis.pcall('LRANGE', key, 0, -1)
    if texts.err then
        return false
    end
    local alive
    for _, text in ipairs(texts) do
        local found = named_in_any_form(text)
        if found then
            if alive == nil then
                alive = lives(worker) or false
            end
            if not alive and erase then
                redis.call('LREM', key, 1, text)
            end
            count(found, alive and 'running' or 'messages')
        end
    end
    return true
end

for i = 2, #KEYS do
    local key, good = KEYS[i], true
    local class, rest = match(key, '^(%l+):(.*)$', #queue + 1)
    if class == 'job' then
        good = see_job(key)
    elseif class == 'worker' then
        good = see_list_of_a_worker(key, sub(rest, 1, -#':jobs' - 1))
    else
        remove(key, {[sub(rest, 1, 14)] = true})
    end
    if not good then
        return key
    end
end
return answer('')
