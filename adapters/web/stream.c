/* Streams of server-sent events (the HTML standard, 9.2). A stream has at most two events here: the one that is being
 * sent, and the latest one behind it; so a client that does not read costs no memory. Between events its connection is
 * suspended: libmicrohttpd looks at it again when there is something to send. */
#include "asked.h"
#include <adapters/httpd/httpd.h>
#include <releve/memory.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define BLOCK_BYTES 4096
#define BEGINNING "retry: 3000\n\n" /* ms: a browser comes again so long after a stream has broken */

struct stream {
    struct stream *prev, *next;
    struct streams *streams;
    struct MHD_Connection *connection;
    struct releve_text sending, latest;
    size_t sent; /* bytes of `sending` */
    bool suspended, ended;
};

static void wake(struct stream *stream)
{
    if (!stream->suspended)
        return;
    stream->suspended = false;
    releve_httpd_resume(stream->streams->httpd, stream->connection);
}

static ssize_t read_stream(void *data, uint64_t position, char *out, size_t out_bytes)
{
    struct stream *stream = data;
    (void)position;
    if (stream->sent == stream->sending.length) {
        struct releve_text sent = stream->sending;
        stream->sending = stream->latest;
        stream->latest = sent;
        stream->latest.length = stream->sent = 0;
    }
    size_t left = stream->sending.length - stream->sent;
    if (left > 0) {
        size_t bytes = left < out_bytes ? left : out_bytes;
        memcpy(out, stream->sending.bytes + stream->sent, bytes);
        stream->sent += bytes;
        return (ssize_t)bytes;
    }
    if (stream->ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    stream->suspended = true;
    MHD_suspend_connection(stream->connection);
    return 0;
}

static void free_stream(void *data)
{
    struct stream *stream = data;
    DL_DELETE(stream->streams->all, stream);
    stream->streams->count--;
    releve_text_free(&stream->sending);
    releve_text_free(&stream->latest);
    free(stream);
}

bool releve_web_streams_add(struct streams *streams, struct releve_web_asked *asked)
{
    if (streams->count == RELEVE_WEB_STREAMS_MAX)
        return false;
    struct stream *stream = releve_alloc(1, sizeof *stream);
    *stream = (struct stream){.streams = streams, .connection = asked->connection};
    releve_text_puts(&stream->sending, BEGINNING);
    DL_APPEND(streams->all, stream);
    streams->count++;
    asked->stream = stream;
    return true;
}

enum MHD_Result releve_web_send_stream(struct releve_web_asked *asked)
{
    static const char *const headers[][2] = {{MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream"},
                                             {MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
                                             {"X-Accel-Buffering", "no"}}; /* nginx in front passes it on at once */
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream, asked->stream, free_stream);
    if (response == NULL) {
        free_stream(asked->stream);
        return MHD_NO;
    }
    enum MHD_Result result = releve_web_add_common(response);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0] && result == MHD_YES; i++)
        result = MHD_add_response_header(response, headers[i][0], headers[i][1]);
    if (result == MHD_YES)
        result = MHD_queue_response(asked->connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response); /* calls free_stream where it was not queued */
    return result;
}

void releve_web_streams_push(struct streams *streams, const struct releve_text *text)
{
    struct stream *stream;
    DL_FOREACH(streams->all, stream)
    {
        stream->latest.length = 0;
        releve_text_add(&stream->latest, text->bytes, text->length);
        wake(stream);
    }
}

void releve_web_streams_end(struct streams *streams)
{
    struct stream *stream;
    DL_FOREACH(streams->all, stream)
    {
        stream->ended = true;
        wake(stream);
    }
}
