/* The hash of a usage point (docs/redis.md). */
#ifndef RELEVE_REDIS_FACTS_H
#define RELEVE_REDIS_FACTS_H

#include <adapters/redis/record.h>
#include <hiredis/hiredis.h>
#include <releve/point.h>

/* From the {field, value, ...} of HGETALL: what still holds at `now`. */
void releve_facts_read(const redisReply *fields, releve_time now, struct releve_point_facts *facts);

/* Likewise: all that stands there, also what holds no more. */
void releve_facts_recall(const redisReply *fields, struct releve_point_record *record);

#endif
