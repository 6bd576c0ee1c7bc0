-- The states in which a job has ended: it stays there. Joined in front of the scripts that name it.
local FINAL = {done = true, partial = true, failed = true, not_applicable = true}
