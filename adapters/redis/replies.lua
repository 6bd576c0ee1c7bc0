-- What goes to a reply list stands in a stream first, as the list may lie in another slot of a cluster: an entry leaves it
-- only when it is delivered (reply.lua), by whoever wrote it, or by any worker later. Joined in front of the scripts that
-- name it.
local REPLIES_MAX = 100000 -- that wait for their delivery, about

-- Adds number in the stream, list, id of the job and JSON to those that are answered.
local function add_reply(replies, stream, list, id, json)
    local number = redis.call('XADD', stream, 'MAXLEN', '~', REPLIES_MAX, '*', 'list', list, 'id', id, 'json', json)
    for _, part in ipairs({number, list, id, json}) do
        replies[#replies + 1] = part
    end
end
