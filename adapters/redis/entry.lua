-- A message that lies in a worker's list and was not read yet stands behind a line that says which queue it came from, and
-- how long it is: "high 37\n...". Of one that is too long, only the beginning is there. Joined in front of the scripts that
-- name it.
local function entry_of(class, message, kept)
    return class .. ' ' .. #message .. '\n' .. string.sub(message, 1, kept)
end

-- Class, length and what is there of the message; nil where this is no such entry.
local function read_entry(text)
    local _, last, class, bytes = string.find(text, '^(%l+) (%d+)\n')
    if last then
        return class, tonumber(bytes), string.sub(text, last + 1)
    end
end
