-- Which of the usage points that are to be forgotten a text names, and how much was found of each. Joined in front of the
-- scripts that erase.
--
-- ARGV 1 look or erase  2 where the last step stopped, '' at the beginning  3 how many to look at in one step
--      4 prefix of the keys  5 ms without a beat after which a worker is dead  6.. the usage points
-- Answers {where to go on or '' at the end, "<prm> <what>", how many, ...}; or the name of a key that holds something else
-- than it should, so that nobody knows whose it is.
local erase, cursor, at_once, prefix = ARGV[1] == 'erase', ARGV[2], tonumber(ARGV[3]), ARGV[4]
local find, format, gsub, match, sub = string.find, string.format, string.gsub, string.match, string.sub

local wanted = {}
for i = 6, #ARGV do
    wanted[ARGV[i]] = true
end

-- {prm = true, ...}; nil where it names none of them.
local function named(text)
    local found
    for prm in pairs(wanted) do
        if find(text, prm, 1, true) then
            found = found or {}
            found[prm] = true
        end
    end
    return found
end

-- The same of a message, which may be anybody's: a digit may be escaped, as JSON allows and in JSON inside JSON too, and a
-- long number may have blanks and the like between its digits. Ten times as dear.
local function named_in_any_form(text)
    if find(text, 'u003', 1, true) then
        text = gsub(text, '\\+u003(%d)', '%1')
    end
    return named((gsub(text, '(%d)[ ._-]+%f[%d]', '%1')))
end

local counts = {}
local function count(found, what)
    for prm in pairs(found) do
        local name = prm .. ' ' .. what
        counts[name] = (counts[name] or 0) + 1
    end
end

local function answer(next)
    local reply = {next}
    for name, number in pairs(counts) do
        reply[#reply + 1] = name
        reply[#reply + 1] = number
    end
    return reply
end
