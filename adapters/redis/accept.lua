--with jobs.lua entry.lua replies.lua
-- A message that a worker took from a queue becomes one job or several, or is buried. Each job is then in the worker's
-- list in its own words, with an id, so that it can be taken back to its queue as it is; and it has begun.
--
-- A job whose id is known does not run again: if it has ended, whoever waits gets the same result; if it is under way,
-- whoever waits gets it with the others.
--
-- KEYS 1 the worker's list  2 dead jobs  3 replies (replies.lua)  4.. a job hash each
-- ARGV 1 the message as it lies in the worker's list  2 worker  3 entries that the dead list keeps  4 seconds to keep a hash
--      5 what to bury, '' for jobs  6 1 where the worker found the message in its list and does not know it (a reply was
--      lost); then for each job: its words, its id, reply list or '', and field count, field, value, ...; for what is buried:
--      reply list or '', and what stands there then
-- Answers {{a number each job: 1 run it, 0 do not; none where the message is not in the list any more}, {replies that are to
-- be delivered}}.
local own, dead = KEYS[1], KEYS[2]
local entry, worker, dead_max, keep_s, burial, again = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6] == '1'
local replies = {}

-- Whatever Redis may refuse comes before the message leaves the list: a script is not rolled back.
redis.call('XLEN', KEYS[3])
for i = 4, #KEYS do
    local type = redis.call('TYPE', KEYS[i]).ok
    if type ~= 'none' and type ~= 'hash' then
        local class, _, message = read_entry(entry)
        burial = cjson.encode({raw = message or entry, queue = class, error = 'id: its key holds something that is no job'})
    end
end
if burial ~= '' then
    if redis.call('LPOS', own, entry) then
        redis.call('LPUSH', dead, burial)
        redis.call('LTRIM', dead, 0, dead_max - 1)
        redis.call('LREM', own, 1, entry)
        if #KEYS == 3 and (ARGV[7] or '') ~= '' then
            add_reply(replies, KEYS[3], ARGV[7], '', ARGV[8])
        end
    end
    return {{}, replies}
end
if redis.call('LREM', own, 1, entry) == 0 then
    return {{}, {}}
end

local answer, at = {}, 7
for i = 4, #KEYS do
    local hash, words, id, reply, fields = KEYS[i], ARGV[at], ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3])
    local known = redis.call('HMGET', hash, 'state', 'worker', 'result')
    if FINAL[known[1] or ''] then
        if reply ~= '' then
            add_reply(replies, KEYS[3], reply, id, known[3] or '')
        end
        answer[#answer + 1] = 0
    else
        if reply ~= '' then
            redis.call('HSET', hash, 'reply:' .. reply, '')
        end
        if known[2] and not (again and known[2] == worker) then
            -- The message that was just taken out may have been the very words of the job, found in the list before the
            -- reply that brought it was read. They stay until the job has ended.
            if known[2] == worker and words == entry and not redis.call('LPOS', own, words) then
                redis.call('LPUSH', own, words)
            end
            answer[#answer + 1] = 0
        else
            redis.call('HSET', hash, 'worker', worker, unpack(ARGV, at + 4, at + 3 + fields))
            redis.call('EXPIRE', hash, keep_s)
            redis.call('LPUSH', own, words)
            answer[#answer + 1] = 1
        end
    end
    at = at + 4 + fields
end
return {answer, replies}
