/* A hiredis async context on a libuv loop: our own glue, because hiredis 0.14's adapter ignores poll errors,
 * and a refused TCP connection is reported as one. */
#ifndef RELEVE_REDIS_GLUE_H
#define RELEVE_REDIS_GLUE_H

#include <hiredis/async.h>
#include <stdbool.h>
#include <uv.h>

/* `broken` is called with context->data when the socket is in error and hiredis sees nothing wrong with it.
 * False where the loop cannot watch the socket; the context is then still the caller's to free. */
bool releve_glue_attach(redisAsyncContext *context, uv_loop_t *loop, void (*broken)(void *data, const char *why));

#endif
