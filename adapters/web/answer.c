/* What is sent, and its headers: nothing of it is to be run, framed or guessed elsewhere, and what is about people
 * stays in no cache but the client's own. */
#include "asked.h"
#include <inttypes.h>
#include <releve/digest.h>
#include <stdio.h>
#include <string.h>

#define RETRY_AFTER "5" /* s, with 503 */
#define ETAG_BYTES 24

/* The page may load what is served here, and nothing else. */
#define POLICY "; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
#define POLICY_NOTHING "default-src 'none'" POLICY
#define POLICY_PAGE "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'" POLICY

struct header {
    const char *name, *value; /* value NULL: not sent */
};

static enum MHD_Result add_headers(struct MHD_Response *response, const struct header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (headers[i].value != NULL && MHD_add_response_header(response, headers[i].name, headers[i].value) != MHD_YES)
            return MHD_NO;
    return MHD_YES;
}

static const struct header common[] = {{"X-Content-Type-Options", "nosniff"},
                                       {"Referrer-Policy", "no-referrer"},
                                       {"Cross-Origin-Resource-Policy", "same-origin"},
                                       {"Cross-Origin-Opener-Policy", "same-origin"}};

enum MHD_Result releve_web_add_common(struct MHD_Response *response)
{
    return add_headers(response, common, sizeof common / sizeof common[0]);
}

static enum MHD_Result queue(struct releve_web_asked *asked, unsigned status, struct MHD_Response *response,
                             const struct header *headers, size_t count)
{
    if (response == NULL)
        return MHD_NO;
    enum MHD_Result result = add_headers(response, headers, count);
    if (result == MHD_YES)
        result = releve_web_add_common(response);
    if (result == MHD_YES)
        result = MHD_queue_response(asked->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* Whoever asks has it already: If-None-Match lists what they have (RFC 9110, 13.1.2). */
static bool is_had(const struct releve_web_asked *asked, const char *etag)
{
    const char *had = releve_web_header(asked, MHD_HTTP_HEADER_IF_NONE_MATCH);
    return had != NULL && etag != NULL && (strcmp(had, "*") == 0 || strstr(had, etag) != NULL);
}

static bool has_etag(const struct releve_web_asked *asked)
{
    return asked->status == MHD_HTTP_OK && (asked->type == RELEVE_WEB_JSON || asked->type == RELEVE_WEB_NDJSON);
}

enum MHD_Result releve_web_send_answer(struct releve_web_asked *asked)
{
    static const char *const types[RELEVE_WEB_TYPES] = {[RELEVE_WEB_TEXT] = "text/plain; charset=utf-8",
                                                        [RELEVE_WEB_JSON] = "application/json",
                                                        [RELEVE_WEB_NDJSON] = "application/x-ndjson",
                                                        [RELEVE_WEB_PROBLEM] = "application/problem+json",
                                                        [RELEVE_WEB_METRICS] =
                                                            "text/plain; version=0.0.4; charset=utf-8"};
    char etag_text[ETAG_BYTES];
    const char *etag = has_etag(asked) ? etag_text : NULL;
    (void)snprintf(etag_text, sizeof etag_text, "\"%016" PRIx64 "\"",
                   releve_digest_bytes(asked->body.bytes, asked->body.length));
    if (asked->next.length > 0)
        releve_text_byte(&asked->next, '\0');
    bool had = is_had(asked, etag);
    size_t length = had ? 0 : asked->body.length;
    const struct header headers[] = {
        {MHD_HTTP_HEADER_CONTENT_TYPE, types[asked->type]},
        {MHD_HTTP_HEADER_CACHE_CONTROL, etag != NULL ? "no-cache, private" : "no-store"},
        {MHD_HTTP_HEADER_ETAG, etag},
        {MHD_HTTP_HEADER_LINK, asked->next.length > 0 ? asked->next.bytes : NULL},
        {"Content-Security-Policy", POLICY_NOTHING},
        {MHD_HTTP_HEADER_WWW_AUTHENTICATE, asked->status != MHD_HTTP_UNAUTHORIZED ? NULL
                                           : asked->route != NULL && asked->route->is_open
                                               ? "Bearer realm=\"releve\""
                                               : "Basic realm=\"releve\", charset=\"UTF-8\""},
        {MHD_HTTP_HEADER_ALLOW, asked->status == MHD_HTTP_METHOD_NOT_ALLOWED ? "GET, HEAD" : NULL},
        {MHD_HTTP_HEADER_RETRY_AFTER, asked->status == MHD_HTTP_SERVICE_UNAVAILABLE ? RETRY_AFTER : NULL},
    };
    /* The response frees the bytes: a second copy of what is sent slowly would be memory for nothing. */
    struct MHD_Response *response =
        length > 0 ? MHD_create_response_from_buffer(length, asked->body.bytes, MHD_RESPMEM_MUST_FREE)
                   : MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
    if (length > 0 && response != NULL)
        asked->body = (struct releve_text){.length = 0};
    return queue(asked, had ? MHD_HTTP_NOT_MODIFIED : asked->status, response, headers,
                 sizeof headers / sizeof headers[0]);
}

enum MHD_Result releve_web_send_file(struct releve_web_asked *asked, const struct releve_web_file *file)
{
    bool had = is_had(asked, file->etag);
    const struct header headers[] = {{MHD_HTTP_HEADER_CONTENT_TYPE, file->type},
                                     {MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache"},
                                     {MHD_HTTP_HEADER_ETAG, file->etag},
                                     {"Content-Security-Policy", POLICY_PAGE}};
    /* libmicrohttpd wants a buffer that it could write to, and does not write. */
    struct MHD_Response *response =
        MHD_create_response_from_buffer(had ? 0 : file->length, (void *)(uintptr_t)file->bytes, MHD_RESPMEM_PERSISTENT);
    return queue(asked, had ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response, headers,
                 sizeof headers / sizeof headers[0]);
}
