/* hiredis asks for reading and writing; libuv watches the socket. The handle outlives the context by one
 * turn of the loop: libuv gives it back in its close callback. */
#include <adapters/redis/glue.h>
#include <assert.h>
#include <releve/memory.h>

struct poll {
    uv_poll_t handle;
    redisAsyncContext *context; /* NULL once hiredis has let go */
    int events;
    void (*broken)(void *data, const char *why);
};

static void on_event(uv_poll_t *handle, int status, int events)
{
    struct poll *poll = handle->data;
    if (status < 0) {
        /* Before the connection stands, the write side reads SO_ERROR; after it, the read side gets the
         * error. Both may free the context, which clears poll->context. */
        if ((poll->context->c.flags & REDIS_CONNECTED) == 0)
            redisAsyncHandleWrite(poll->context);
        else
            redisAsyncHandleRead(poll->context);
        if (poll->context != NULL)
            poll->broken(poll->context->data, uv_strerror(status));
        return;
    }
    if (poll->context != NULL && (events & UV_READABLE) != 0)
        redisAsyncHandleRead(poll->context);
    if (poll->context != NULL && (events & UV_WRITABLE) != 0)
        redisAsyncHandleWrite(poll->context);
}

static void watch(struct poll *poll, int events)
{
    if (events == poll->events)
        return;
    poll->events = events;
    int status = events != 0 ? uv_poll_start(&poll->handle, events, on_event) : uv_poll_stop(&poll->handle);
    assert(status == 0); /* fails for closed handles and bad arguments only */
    (void)status;
}

static void add_read(void *data)
{
    struct poll *poll = data;
    watch(poll, poll->events | UV_READABLE);
}

static void del_read(void *data)
{
    struct poll *poll = data;
    watch(poll, poll->events & ~UV_READABLE);
}

static void add_write(void *data)
{
    struct poll *poll = data;
    watch(poll, poll->events | UV_WRITABLE);
}

static void del_write(void *data)
{
    struct poll *poll = data;
    watch(poll, poll->events & ~UV_WRITABLE);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void cleanup(void *data)
{
    struct poll *poll = data;
    poll->context = NULL;
    uv_close((uv_handle_t *)&poll->handle, on_closed);
}

bool releve_glue_attach(redisAsyncContext *context, uv_loop_t *loop, void (*broken)(void *data, const char *why))
{
    assert(context->ev.data == NULL);
    struct poll *poll = releve_alloc(1, sizeof *poll);
    if (uv_poll_init(loop, &poll->handle, context->c.fd) != 0) {
        free(poll);
        return false;
    }
    poll->handle.data = poll;
    poll->context = context;
    poll->broken = broken;
    context->ev.data = poll;
    context->ev.addRead = add_read;
    context->ev.delRead = del_read;
    context->ev.addWrite = add_write;
    context->ev.delWrite = del_write;
    context->ev.cleanup = cleanup;
    return true;
}
