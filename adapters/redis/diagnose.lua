-- Run after Redis refused a command on account of a key's type: which key is it, what does it hold, and how is it put right?
-- The good path pays nothing for it.
--
-- KEYS those that the command named  ARGV 1 prefix of the keys
-- Answers one line, or nil where every key is what it should be (by now).
local prefix = ARGV[1]

-- Name of the key behind the prefix (a pattern), its type, what belongs there, and what deleting the key costs.
local CHARGE = {
    {'^jobs:dead$', 'list', 'messages that were no jobs', 'nothing else is lost'},
    {'^jobs', 'list', 'a queue', 'nothing else is lost'},
    {'^job:', 'hash', 'a job', 'a job of that id may run once more'},
    {'^missing:', 'string', 'a note of the latest job for missing days', 'such a job may be queued once more'},
    {'^results$', 'stream', 'results', 'nothing else is lost'},
    {'^replies$', 'stream', 'results on their way to reply lists', 'nobody else is told of them'},
    {'^point:', 'hash', 'what is known of a usage point', 'its refusals are asked for once more'},
    {'^claim:', 'hash', 'claims on days', 'these days may be asked for twice'},
    {'^day:', 'string', 'a day', 'it is asked for again'},
    {'^workers$', 'zset', 'living workers', 'then see to lists that are left over (docs/operations.md)'},
    {'^workers:dead$', 'zset', 'dead workers', 'then see to lists that are left over (docs/operations.md)'},
    {'^pulses$', 'hash', 'what processes say of themselves', 'nothing else is lost'},
    {'^worker:.+:jobs$', 'list', 'jobs of a worker', 'nothing else is lost'},
    {'^quota:{[^}]+}$', 'zset', 'the ledger of a quota',
     'before, send nothing for as long as the longest window of RELEVE_QUOTA, as it is not known what was sent'},
    {'^quota:{[^}]+}:closed$', 'string', 'until when a quota is closed',
     'upstream may refuse once more; where Redis has forgotten what was sent, wait as long as the longest window before'},
    {'^quota:{[^}]+}:longest$', 'string', 'the longest window of a quota',
     'nothing else is lost where all processes have the same RELEVE_QUOTA'},
    {'^quota:{[^}]+}:windows$', 'hash', 'the quotas that are asked with',
     'nothing else is lost where all processes have the same RELEVE_QUOTA'},
    {'^quota:', 'string', 'a note of the ledger', 'nothing else is lost'},
    {'', 'string', 'a note of releve', 'see docs/redis.md'},
}

-- What stands behind the prefix, which is in braces where the key is of the queue; nil where it is no key of ours.
local function name_of(key)
    for _, beginning in ipairs({'{' .. prefix .. '}:', prefix .. ':'}) do
        if string.sub(key, 1, #beginning) == beginning then
            return string.sub(key, #beginning + 1)
        end
    end
end

for _, key in ipairs(KEYS) do
    local held, name = redis.call('TYPE', key).ok, name_of(key)
    if held ~= 'none' and name then
        for _, one in ipairs(CHARGE) do
            if string.find(name, one[1]) then
                if held ~= one[2] then
                    return string.format('%s holds a %s instead of a %s (%s): RENAME or DEL it with redis-cli; %s', key, held,
                                         one[2], one[3], one[4])
                end
                break
            end
        end
    end
end
return false
