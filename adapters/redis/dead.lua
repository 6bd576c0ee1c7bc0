-- One step through the messages that were no jobs, newest first: they are looked at, put back into a queue, or dropped.
--
-- From the left end on: what is buried meanwhile comes in front, and moves nothing past this step.
--
-- KEYS 1 dead messages  2..4 queues high, normal, low
-- ARGV 1 look, requeue or drop  2 how many were passed so far  3 how many to look at in one step
--      4 class of the queue to put them into; empty: that of the queue which each came from  5.. ids; none: all
-- Answers {where to go on, empty at the end; then for each that was found: its id, what became of it, its text}.
local ID_CHARACTERS = 12 -- of the SHA-1 of the text: two of 10 000 are the same once in five million lists
local dead = KEYS[1]
local QUEUES = {high = KEYS[2], normal = KEYS[3], low = KEYS[4]}
local operation, first, at_once, class = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]

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

local answer, gone = {''}, 0
local texts = redis.call('LRANGE', dead, first, first + at_once - 1)
for _, text in ipairs(texts) do
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
            gone = gone + 1
        end
        answer[#answer + 1] = id
        answer[#answer + 1] = fate
        answer[#answer + 1] = text
    end
end
if #texts == at_once then
    answer[1] = string.format('%.0f', first + at_once - gone)
end
return answer
