-- What a script finds may be newer than what replicas have. WAIT says whether they have it, but some versions of Redis let it
-- count only what its own connection wrote: so a key is written and removed, which nobody sees. Where memory is full that is
-- refused, and whatever comes of it is refused too. Joined in front of the scripts that name it.
local function write_for_replicas(mark)
    redis.pcall('SET', mark, '')
    redis.call('DEL', mark)
end
