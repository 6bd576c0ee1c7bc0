/* Hosts, numbers and percent-encoding in RELEVE_REDIS, and how a wrong one is refused. For url.c alone. */
#ifndef RELEVE_REDIS_URL_PARTS_H
#define RELEVE_REDIS_URL_PARTS_H

#include <adapters/redis/url.h>
#include <stdbool.h>
#include <stddef.h>

#define RELEVE_URL_SMALL_LETTERS "abcdefghijklmnopqrstuvwxyz"
#define RELEVE_URL_LETTERS RELEVE_URL_SMALL_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define RELEVE_URL_DIGITS "0123456789"

/* RELEVE_E_CONFIG: what is wrong and what to do, and where all forms are described. */
enum releve_code releve_url_refuse(struct releve_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Refuses what is no number from 0 to `max`, of `name`: "database", or "replicas=". What is no number is not quoted,
 * and a longer one neither: it may be a password. */
enum releve_code releve_url_refuse_number(struct releve_error *error, const char *name, const char *text, size_t bytes,
                                          int max);

/* Reads exactly `bytes` digits as a number of at most `max`. */
bool releve_url_parse_number(const char *text, size_t bytes, int max, int *value);

/* Undoes %XX, of `name`. Refuses what does not fit, is no percent-encoding, or hides a NUL or another control
 * character: addresses go into one-line messages. */
enum releve_code releve_url_decode(const char *name, const char *text, size_t bytes, char *out, size_t out_bytes,
                                   struct releve_error *error);

/* host, host:port, [v6] or [v6]:port; `scheme` is for messages. */
enum releve_code releve_url_parse_host(const char *text, size_t bytes, const char *scheme, int usual_port,
                                       struct releve_redis_seed *seed, struct releve_error *error);

#endif
