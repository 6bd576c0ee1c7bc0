-- One step through the messages that were no jobs, newest first: they are looked at, put back into a queue, or dropped.
--
-- Places are counted from the right end: what is buried meanwhile comes in at the left, and what goes leaves those that
-- are still to be looked at where they are. So what was not there at the first step is never looked at.
--
-- KEYS 1 dead messages  2..4 queues high, normal, low
-- ARGV 1 look, requeue or drop  2 place to go on from, empty at the beginning  3 how many to look at in one step
--      4 class of the queue to put them into; empty: that of the queue which each came from  5.. ids; none: all
-- Answers {where to go on, empty at the end; then for each that was found: its id, what became of it, its text}.
local ID_CHARACTERS = 12 -- of the SHA-1 of the text: two of 10 000 are the same once in five million lists
local dead = KEYS[1]
local QUEUES = {high = KEYS[2], normal = KEYS[3], low = KEYS[4]}
local operation, at_once, class = ARGV[1], tonumber(ARGV[3]), ARGV[4]
local from = tonumber(ARGV[2]) or redis.call('LLEN', dead)
local to = math.max(from - at_once + 1, 1)

local wanted = #ARGV < 5
if not wanted then
    wanted = {}
    for i = 5, #ARGV do
        wanted[ARGV[i]] = true
    end
end

-- The message and its queue; nil where it is not there as it was pushed.
local function message_of(text)
    local ok, burial = pcall(cjson.decode, text)
    if not ok or type(burial) ~= 'table' or type(burial.raw) ~= 'string' or burial.whole == false then
        return nil
    end
    return burial.raw, QUEUES[class] or QUEUES[burial.queue] or QUEUES.normal
end

local answer = {to > 1 and string.format('%.0f', to - 1) or ''}
for _, text in ipairs(from > 0 and redis.call('LRANGE', dead, -from, -to) or {}) do
    local id = string.sub(redis.sha1hex(text), 1, ID_CHARACTERS)
    if wanted == true or wanted[id] then
        local fate = 'found'
        if operation == 'requeue' then
            local message, queue = message_of(text)
            fate = message and 'requeued' or 'kept'
            if message then
                redis.call('LPUSH', queue, message) -- what may be refused first: a script is not rolled back
            end
        elseif operation == 'drop' then
            fate = 'dropped'
        end
        if fate == 'requeued' or fate == 'dropped' then
            redis.call('LREM', dead, 1, text)
        end
        answer[#answer + 1] = id
        answer[#answer + 1] = fate
        answer[#answer + 1] = text
    end
end
return answer
