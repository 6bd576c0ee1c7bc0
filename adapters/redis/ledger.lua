-- The ledger of one bucket: who may send, and when the next one may (law 1).
--
-- The sorted set holds one entry a permit; its score is the latest moment at which that permit's
-- request can have arrived at the gateway, in microseconds of Redis's clock. Any window of any
-- alignment that holds too many arrivals contains the request that was granted last, at t; every
-- other arrival in it came after t - W, so its recorded latest moment is after t - W too, and the
-- count made here at t refuses it.
--
-- Where Redis has replicas, another node may be the judge from some moment on, and its clock is another. Let clocks differ
-- by at most D (CLOCK_DIFFERENCE_MS). What stands here was written by the clock of the node that is noted: a score is not
-- before the moment of arrival on that clock, so it is at most D before that moment on any other. When another node finds
-- its predecessor's note it puts every score later by D, once, and notes itself: each score is then not before the arrival
-- on its own clock, which is all that the proof above uses. That the note and the scores are of one state of the ledger is
-- Redis's promise: what a script writes, a replica has as a whole or not at all. Without a note nothing is put later: the
-- ledger is new, or one Redis without replicas has kept it.
--
-- Redis may forget what it was told: emptied, restarted without its file, restored from a backup, or replaced by a replica
-- that lacks something. Who asks therefore names a permit of his own of which he knows how long it counts, his witness.
-- If it is missing while it has to count, then others may be missing too, and nobody can say how many: the bucket is closed
-- until all that was granted before now is out of every window. That is the longest window from the moment on at which the
-- last of it can have arrived, a permit's life from now.
--
-- KEYS 1 sorted set  2 when the bucket opens again (string)  3 what the last refused asker was told (string)
--      4 longest window that anybody asks with, in microseconds (string)  5 windows that are asked with (hash)
--      6 the process for which the next permit is kept  7 urgent permits in a row  8 node that wrote last
--      9 when it was last noticed that Redis has forgotten something (strings)
-- ARGV 1 operation: ask, ask urgent (class high), settle, return, close, notice, usage, permits, stricter
--      2 the process that asks  3 number of its permit
--      4 ms: life of a permit (ask, notice), length (close), how long the request may still be on its way (settle)
--      5 now in microseconds, '' for Redis's own clock  6 channel for news of an earlier moment
--      7 the node that runs this, the same for all who ask it; '' from whoever names no replicas, and from who only looks:
--        then nothing is noted
--      8 the witness (ask, notice): a permit and 9 its score, as settle answered them; '' for none
--      10.. limit, window in ms, repeated
-- ask, return, close answer in ms when the next permit is due; ask: 0 means granted; {ms} that the witness is missing, and
-- how long the bucket is closed for that.
-- notice answers {ms} like ask; 0 where the witness is there, counts no more, or is known to be missing.
-- settle answers {ms until the next permit is due, the permit as a witness, its score}; two empty ones where it is not there.
-- usage answers {next ms, closed ms, count in each window ...}; permits {ms from now at which each is over ...};
-- stricter {limit, ms of each window that others keep to more strictly ...}.
-- Whoever asks with shorter windows than the longest leaves in the set what others still have to count, also of somebody
-- who has not asked for long. The longest is as long-lived as the set.

-- An arrival exactly W after another shares a window with it where the gateway takes windows as closed,
-- and gateways that count in ms round: both are one tick away from a violation. One ms costs nothing.
local MARGIN_US = 1000

local entries, closed, waiting, longest = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local asked, first, streak, noted_node, noticed = KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local operation, owner, length_ms, channel, node = ARGV[1], ARGV[2], tonumber(ARGV[4]), ARGV[6], ARGV[7]
local WINDOWS_BEGIN = 10 -- in ARGV
local permit = owner .. '.' .. ARGV[3]

local now = tonumber(ARGV[5])
if not now then
    local time = redis.call('TIME')
    now = time[1] * 1000000 + time[2]
end

local windows, longest_us = {}, 0
local function add_window(limit, span_ms)
    windows[#windows + 1] = {limit = tonumber(limit), span_us = span_ms * 1000}
    longest_us = math.max(longest_us, span_ms * 1000)
end
for i = WINDOWS_BEGIN, #ARGV, 2 do
    add_window(ARGV[i], ARGV[i + 1])
end
local asked_count, own_longest_us = #windows, longest_us -- the first ones are the asker's own

-- Two processes that name different quotas share the stricter one: of each window the lower limit, and the windows of
-- both. The hash of windows has a field "limit ms" for each window that anybody asks with, and until when it
-- counts, in microseconds: each asker renews his own, so that none is forgotten that somebody keeps to.
local LIMIT_MAX, SPAN_MS_MAX, RENEWED_US = 1000000, 86400000, 1000000 -- the first two as quota.h has them
local known, over = {}, {}

local function merge(field)
    local limit, span_ms = field:match('^(%d+) (%d+)$')
    limit, span_ms = tonumber(limit), tonumber(span_ms)
    if not limit or limit < 1 or limit > LIMIT_MAX or span_ms < 1 or span_ms > SPAN_MS_MAX or known[field] <= now then
        over[#over + 1] = field
        return
    end
    local same
    for _, window in ipairs(windows) do
        same = window.span_us == span_ms * 1000 and window or same
    end
    if not same then
        add_window(limit, span_ms)
    elseif limit < same.limit then
        same.limit = limit
    end
end
if asked_count > 0 then
    local fields = redis.call('HGETALL', asked)
    for i = 1, #fields, 2 do
        known[fields[i]] = tonumber(fields[i + 1]) or 0
        merge(fields[i])
    end
end

-- Lua would write a moment as 1.79e+15.
local function text(us)
    return string.format('%.0f', us)
end

-- Clocks of two nodes differ by less. It is the operator's promise (docs/operations.md): NTP keeps it by far.
local CLOCK_DIFFERENCE_MS = (node ~= '' or redis.call('EXISTS', noted_node) == 1) and 1000 or 0
-- Whoever does not say which node judges (replicas=0, among others that say it) may ask another one than the noted one. Then all
-- that stands here counts so much longer for that asker; nothing is put later, as the others do that themselves.
local unsure_us = node == '' and string.find(operation, '^ask') and CLOCK_DIFFERENCE_MS * 1000 or 0
local NODE_KEPT_MS, PUT_AT_ONCE = 2 * SPAN_MS_MAX, 1000 -- longer than whatever depends on its clock; entries of one ZADD

local function put_later(key)
    local at, left_ms = tonumber(redis.call('GET', key) or nil), redis.call('PTTL', key)
    if at then
        redis.call('SET', key, text(at + CLOCK_DIFFERENCE_MS * 1000), 'KEEPTTL')
        if left_ms > 0 then
            redis.call('PEXPIRE', key, left_ms + CLOCK_DIFFERENCE_MS)
        end
    end
end

local function put_all_later()
    local scores, words = redis.call('ZRANGE', entries, 0, -1, 'WITHSCORES'), {}
    for i = 1, #scores, 2 do
        words[#words + 1] = text(scores[i + 1] + CLOCK_DIFFERENCE_MS * 1000)
        words[#words + 1] = scores[i]
        if #words == 2 * PUT_AT_ONCE or i == #scores - 1 then
            redis.call('ZADD', entries, unpack(words))
            words = {}
        end
    end
    for _, key in ipairs({entries, longest}) do
        local left_ms = redis.call('PTTL', key)
        if left_ms > 0 then
            redis.call('PEXPIRE', key, left_ms + CLOCK_DIFFERENCE_MS)
        end
    end
    put_later(closed)
    put_later(waiting)
    put_later(noticed)
end

-- Noted first: what fails below fails because a key is broken, and must not be put later at every try.
if node ~= '' then
    local noted = redis.call('GET', noted_node)
    redis.call('SET', noted_node, node, 'PX', NODE_KEPT_MS)
    if noted and noted ~= node then
        put_all_later()
    end
end

local function closed_until()
    return tonumber(redis.call('GET', closed) or 0) or 0
end

local function open_at()
    local at = closed_until()
    return at > 0 and at + unsure_us or 0
end

-- The moment from which a permit can be granted; `now` where that is at once. The entry with limit - 1
-- entries above it is the one that has to leave the window.
local function due()
    local at = math.max(now, open_at())
    for _, window in ipairs(windows) do
        local last = redis.call('ZREVRANGE', entries, window.limit - 1, window.limit - 1, 'WITHSCORES')
        if last[2] then
            at = math.max(at, last[2] + window.span_us + MARGIN_US + 1 + unsure_us)
        end
    end
    return at
end

local function wait_ms(at)
    return math.ceil((at - now) / 1000)
end

local function announce(at)
    redis.call('SET', waiting, text(at), 'KEEPTTL')
    redis.call('PUBLISH', channel, wait_ms(at))
end

-- Somebody was refused on account of permits that were then in flight; when one of them lands early or
-- is given back, the moment that he was told is too late.
local function announce_if_earlier()
    local at, told = due(), tonumber(redis.call('GET', waiting) or nil)
    if told and at < told then
        announce(at)
    end
    return wait_ms(at)
end

-- The longest window of all askers, this one included, and how long it and the entries are to be kept, in ms.
local function keep()
    local longest_of_all = math.max(longest_us, tonumber(redis.call('GET', longest) or 0) or 0)
    local keep_ms = longest_of_all / 1000 + length_ms + 1000 + CLOCK_DIFFERENCE_MS -- a clock that is ahead drops nothing early
    redis.call('SET', longest, text(longest_of_all), 'PX', text(keep_ms))
    if #over > 0 then
        redis.call('HDEL', asked, unpack(over)) -- before his own, which may be one of them
    end
    local renewed = false
    for i = WINDOWS_BEGIN, #ARGV, 2 do
        local field = ARGV[i] .. ' ' .. ARGV[i + 1]
        if (known[field] or 0) < now + keep_ms * 1000 - RENEWED_US then
            redis.call('HSET', asked, field, text(now + keep_ms * 1000))
            renewed = true
        end
    end
    if renewed and redis.call('PTTL', asked) < keep_ms then
        redis.call('PEXPIRE', asked, text(keep_ms))
    end
    return longest_of_all, keep_ms
end

-- Somebody urgent was refused: the next permit is for him, unless urgent ones had nine in a row. He is waited for a little
-- past the moment that he was told, no longer: he may have died.
local FIRST_GRACE_MS, STREAK_MAX = 2000, 9

local function is_kept_for_another(urgent)
    if urgent then
        return false
    end
    local kept_for = redis.call('GET', first)
    if kept_for == owner then
        redis.call('DEL', first) -- he has nothing urgent any more
        return false
    end
    return kept_for and tonumber(redis.call('GET', streak) or 0) < STREAK_MAX
end

local function note_grant(urgent)
    if urgent then
        redis.call('INCR', streak)
        redis.call('PEXPIRE', streak, length_ms)
    else
        redis.call('DEL', streak)
    end
    if redis.call('GET', first) == owner then
        redis.call('DEL', first)
        if redis.call('EXISTS', waiting) == 1 then
            announce(due()) -- those who were put off for him
        end
    end
end

-- Whether a missing permit with that score is of a loss that was noted before, so that nothing is left to be done. Two things
-- must hold.
--   It was granted before the note. A score is the latest moment of an arrival: not before the grant, at most a life after it.
-- So a permit that was granted before the note has a score of at most a life after the note, though perhaps later than the
-- note. From the note on the bucket is closed, for more than a life. So a permit that was granted after the note has a score
-- later than that, and is missing by another loss.
--   The bucket is closed until such a permit is out of every window. It may not be: somebody's longest window may be longer
-- than those that were known when it was closed, or somebody may have opened it by hand.
local function is_known_loss(score, counts_us)
    local at = tonumber(redis.call('GET', noticed) or nil)
    return at and score <= at + length_ms * 1000 and closed_until() >= at + counts_us
end

-- Whether the asker's witness is missing, and is the first one that is missed: then the bucket is closed. An entry is kept
-- for the asker's longest window after its score at least. What upstream closed for longer stays closed.
local function has_forgotten()
    local witness, score = ARGV[8], tonumber(ARGV[9])
    if witness == '' or score < now - own_longest_us or redis.call('ZSCORE', entries, witness) then
        return false
    end
    local longest_of_all = math.max(longest_us, tonumber(redis.call('GET', longest) or 0) or 0)
    local counts_us = length_ms * 1000 + longest_of_all + MARGIN_US
    if is_known_loss(score, counts_us) then
        return false
    end
    local keep_ms = math.ceil(counts_us / 1000) + CLOCK_DIFFERENCE_MS
    redis.call('SET', noticed, text(now), 'PX', text(keep_ms))
    if closed_until() < now + counts_us then
        redis.call('SET', closed, text(now + counts_us), 'PX', text(keep_ms))
    end
    return true
end

local operations = {}

function operations.ask(urgent)
    if has_forgotten() then
        return {wait_ms(open_at())}
    end
    -- A permit that is still out is asked for again when the first reply was lost: one permit. The proof
    -- above holds for it, as every grant since has counted it.
    local own = tonumber(redis.call('ZSCORE', entries, permit) or nil)
    local at = (own and own >= now) and math.max(now, open_at()) or due()
    local longest_of_all, keep_ms
    if #windows > 0 then
        longest_of_all, keep_ms = keep() -- also for a refused asker: he comes back, and has to find what he counts
    end
    if at <= now and #windows > 0 and is_kept_for_another(urgent) then
        at = now + math.max(redis.call('PTTL', first), 1) * 1000
    elseif at > now and urgent then
        redis.call('SET', first, owner, 'PX', wait_ms(at) + FIRST_GRACE_MS)
    end
    if at > now then
        -- All that can bring the moment forward are permits in flight: they are over within one life.
        redis.call('SET', waiting, text(at), 'PX', length_ms)
        return wait_ms(at)
    end
    if #windows > 0 then
        redis.call('ZREMRANGEBYSCORE', entries, '-inf', '(' .. text(now - longest_of_all - MARGIN_US - unsure_us))
        redis.call('ZADD', entries, text(math.max(own or 0, now + length_ms * 1000)), permit)
        if redis.call('PTTL', entries) < keep_ms then
            redis.call('PEXPIRE', entries, text(keep_ms))
        end
        note_grant(urgent)
    end
    return 0
end

operations['ask urgent'] = function()
    return operations.ask(true)
end

function operations.notice()
    return has_forgotten() and {wait_ms(open_at())} or 0
end

function operations.settle()
    local own = tonumber(redis.call('ZSCORE', entries, permit) or nil)
    local arrived = now + length_ms * 1000
    if own and own > arrived then
        redis.call('ZADD', entries, 'XX', text(arrived), permit)
    end
    return {announce_if_earlier(), own and permit or '', own and text(math.min(own, arrived)) or ''}
end

operations['return'] = function()
    local was_there = redis.call('ZREM', entries, permit) == 1
    if was_there and tonumber(redis.call('GET', streak) or 0) > 0 then
        redis.call('DECR', streak) -- nothing was sent
    end
    return announce_if_earlier()
end

function operations.close()
    local at = now + length_ms * 1000
    if length_ms > 0 and at > open_at() then
        redis.call('SET', closed, text(at), 'PX', text(length_ms + CLOCK_DIFFERENCE_MS))
    end
    local told = tonumber(redis.call('GET', waiting) or nil)
    if told and open_at() > told then
        announce(open_at()) -- asking before then would be in vain
    end
    return wait_ms(due())
end

function operations.usage()
    local answer = {wait_ms(due()), wait_ms(math.max(now, open_at()))}
    for i = 1, asked_count do
        answer[#answer + 1] = redis.call('ZCOUNT', entries, text(now - windows[i].span_us - MARGIN_US), '+inf')
    end
    return answer
end

-- The windows that hold although the asker named none so strict.
function operations.stricter()
    local answer = {}
    for i, window in ipairs(windows) do
        if i > asked_count or window.limit < tonumber(ARGV[WINDOWS_BEGIN - 2 + 2 * i]) then
            answer[#answer + 1] = window.limit
            answer[#answer + 1] = window.span_us / 1000
        end
    end
    return answer
end

function operations.permits()
    local answer, scores = {}, redis.call('ZRANGEBYSCORE', entries, text(now - longest_us - MARGIN_US), '+inf', 'WITHSCORES')
    for i = 2, #scores, 2 do
        answer[#answer + 1] = math.ceil((scores[i] - now) / 1000)
    end
    return answer
end

return operations[operation]()
