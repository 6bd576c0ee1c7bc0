--with named.lua
-- One step through a list of messages: those that name a usage point go.
--
-- From the left end on: producers push there, so what comes meanwhile moves nothing past this step. LREM looks through the
-- list from there too, and removes the very message that was read, or an equal one in front of it.
--
-- KEYS 1 the list  ARGV as in named.lua
local WORK_MAX = 200000 -- messages that LREM may look at in one step, so that Redis is not kept: some milliseconds

local first = tonumber(cursor) or 0
local texts = redis.call('LRANGE', KEYS[1], first, first + at_once - 1)
local seen, removed, work = 0, 0, 0
for i, text in ipairs(texts) do
    local found = named_in_any_form(text)
    seen = i
    if found then
        count(found, 'messages')
        if erase then
            redis.call('LREM', KEYS[1], 1, text)
            removed = removed + 1
            work = work + first + i
            if work > WORK_MAX then
                break
            end
        end
    end
end
local over = #texts < at_once and seen == #texts
return answer(over and '' or format('%.0f', first + seen - removed))
