/* Content readers of libmicrohttpd; each knows where it is from `position` alone. */
#include "parcel.h"
#include <string.h>
#include <sys/socket.h>

#define BLOCK_BYTES 16384
#define SLOW_PIECES 20
#define LENGTH_LIE_BYTES 100 /* how much longer the length is than a body that stops too early */

void sandbox_parcel_reset(int socket)
{
    /* On Linux, dissolving the association of a TCP socket resets its connection. */
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    (void)connect(socket, &nobody, sizeof nobody);
}

bool sandbox_parcel_sent(const struct sandbox_parcel *parcel)
{
    const struct releve_text *body = &parcel->answer->body;
    size_t half = body->length / 2;
    if (parcel->answer->delivery != SANDBOX_DELIVER_MORE)
        return false;
    /* What a full socket does not take, stays away. */
    (void)send(parcel->socket, body->bytes + half, body->length - half, MSG_DONTWAIT | MSG_NOSIGNAL);
    return true;
}

static ssize_t read_until(const struct sandbox_parcel *parcel, uint64_t position, uint64_t end, char *out, size_t max)
{
    size_t length = end - position < max ? (size_t)(end - position) : max;
    memcpy(out, parcel->answer->body.bytes + position, length);
    return (ssize_t)length;
}

/* Half of the body, then an end that breaks the connection. */
static ssize_t read_half(void *data, uint64_t position, char *out, size_t max)
{
    const struct sandbox_parcel *parcel = data;
    uint64_t half = parcel->answer->body.length / 2;
    if (position < half)
        return read_until(parcel, position, half, out, max);
    if (parcel->answer->delivery == SANDBOX_DELIVER_CUT)
        sandbox_parcel_reset(parcel->socket);
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

/* All of it, and then nothing of what the length promised. */
static ssize_t read_all(void *data, uint64_t position, char *out, size_t max)
{
    const struct sandbox_parcel *parcel = data;
    uint64_t length = parcel->answer->body.length;
    return position < length ? read_until(parcel, position, length, out, max) : MHD_CONTENT_READER_END_WITH_ERROR;
}

static ssize_t read_endless(void *data, uint64_t position, char *out, size_t max)
{
    const struct sandbox_parcel *parcel = data;
    uint64_t length = parcel->answer->body.length;
    return read_until(parcel, position % length, length, out, max);
}

static ssize_t read_slowly(void *data, uint64_t position, char *out, size_t max)
{
    struct sandbox_parcel *parcel = data;
    uint64_t length = parcel->answer->body.length;
    if (position < parcel->released)
        return read_until(parcel, position, parcel->released, out, max);
    uint64_t released = parcel->released + length / SLOW_PIECES + 1;
    parcel->released = released < length ? released : length;
    return parcel->rest(parcel->visit, (uint64_t)(parcel->slow_ms / SLOW_PIECES)) ? 0
                                                                                  : MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct MHD_Response *response_of_buffer(struct releve_text *body)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(body->length, body->bytes, MHD_RESPMEM_MUST_FREE);
    if (response != NULL) {
        body->bytes = NULL; /* its owner is the response now */
        body->capacity = 0;
    }
    return response;
}

struct MHD_Response *sandbox_parcel_response(struct sandbox_parcel *parcel)
{
    struct releve_text *body = &parcel->answer->body;
    uint64_t length = body->length;
    switch (length > 0 ? parcel->answer->delivery : SANDBOX_DELIVER_WHOLE) {
    case SANDBOX_DELIVER_HALF:
    case SANDBOX_DELIVER_CUT:
        return MHD_create_response_from_callback(length, BLOCK_BYTES, read_half, parcel, NULL);
    case SANDBOX_DELIVER_LESS:
        return MHD_create_response_from_callback(length + LENGTH_LIE_BYTES, BLOCK_BYTES, read_all, parcel, NULL);
    case SANDBOX_DELIVER_MORE:
        return MHD_create_response_from_callback(length / 2, BLOCK_BYTES, read_half, parcel, NULL);
    case SANDBOX_DELIVER_ENDLESS:
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_endless, parcel, NULL);
    case SANDBOX_DELIVER_SLOW:
        return MHD_create_response_from_callback(length, BLOCK_BYTES, read_slowly, parcel, NULL);
    case SANDBOX_DELIVER_WHOLE:
    case SANDBOX_DELIVER_RESET:
    case SANDBOX_DELIVER_NEVER:
        break;
    }
    return response_of_buffer(body);
}
