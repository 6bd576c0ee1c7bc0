-- The documents of one answer, all at once. The claim ends with them: whoever claims next finds them.
--
-- KEYS 1 claims of the usage point and kind  2.. the documents
-- ARGV 1 the claim's name  2 how long they are kept, in s  3.. the documents' JSON, in the same order
for i = 2, #KEYS do
    redis.call('SET', KEYS[i], ARGV[i + 1], 'EX', ARGV[2])
end
redis.pcall('HDEL', KEYS[1], ARGV[1]) -- what else may lie there keeps no document from having been stored
return #KEYS - 1
