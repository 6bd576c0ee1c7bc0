--with named.lua
-- One step through all keys under the prefix: days, documents, facts, claims and notes of jobs of a usage point go, hashes of
-- jobs that name it, and what the lists of dead workers hold of it. What somebody is working on stays, and is counted.
--
-- A key that stands there from the first step to the last is met, perhaps twice (SCAN's promise).
--
-- KEYS 1 workers (name, last beat in ms of Redis's clock)  ARGV as in named.lua
local workers, dead_after_ms = KEYS[1], tonumber(ARGV[5])
local OF_A_POINT = {day = 'days', doc = 'documents', point = 'facts', claim = 'claims', missing = 'jobs'}

local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)

local function lives(worker)
    local beat = redis.call('ZSCORE', workers, worker)
    return beat and now_ms - tonumber(beat) <= dead_after_ms
end

-- Is somebody asking for these days now? As claim.lua reads them.
local function is_claimed(key)
    local held = redis.pcall('HVALS', key)
    for _, claim in ipairs(held) do -- none where it is no hash
        local expires = match(claim, '^%d+ %d+ (%d+)$')
        if expires and tonumber(expires) > now_ms then
            return true
        end
    end
    return false
end

local function remove(key, found, what)
    if not erase or redis.call('UNLINK', key) == 1 then
        count(found, what)
    end
end

local function see_key_of_a_point(key, class, prm)
    if not wanted[prm] then
        return
    end
    if class == 'claim' and is_claimed(key) then
        count({[prm] = true}, 'asked')
    else
        remove(key, {[prm] = true}, OF_A_POINT[class])
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
        remove(key, found, 'jobs')
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

local begin = #prefix + 2 -- of what follows the prefix and its colon
local page = redis.call('SCAN', cursor ~= '' and cursor or '0', 'MATCH', prefix .. ':*', 'COUNT', at_once)
for _, key in ipairs(page[2]) do
    local class, good = match(key, '^(%l+):', begin), true
    if OF_A_POINT[class or ''] then
        see_key_of_a_point(key, class, match(key, '^%d+', begin + #class + 1))
    elseif class == 'job' then
        good = see_job(key)
    elseif class == 'worker' and find(key, ':jobs$') then
        good = see_list_of_a_worker(key, sub(key, begin + #'worker:', -#':jobs' - 1))
    end
    if not good then
        return key
    end
end
return answer(page[1] ~= '0' and page[1] or '')
