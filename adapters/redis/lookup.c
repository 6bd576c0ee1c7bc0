/* See lookup.h. The request belongs to libuv until its callback, so it outlives whoever dropped it. */
#include <adapters/redis/lookup.h>
#include <netdb.h>
#include <releve/memory.h>
#include <string.h>
#include <sys/socket.h>

struct releve_lookup {
    uv_getaddrinfo_t request;
    releve_lookup_done done; /* NULL once dropped */
    void *data;
};

static void on_found(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct releve_lookup *lookup = request->data;
    releve_lookup_done done = lookup->done;
    void *data = lookup->data;
    struct releve_addresses addresses = {.count = 0};
    for (const struct addrinfo *one = found; one != NULL && addresses.count < RELEVE_ADDRESSES_MAX;
         one = one->ai_next) {
        char *text = addresses.text[addresses.count];
        if (getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof addresses.text[0], NULL, 0, NI_NUMERICHOST) == 0)
            addresses.count++;
    }
    uv_freeaddrinfo(found);
    free(lookup);
    if (done == NULL)
        return;
    const char *why = status != 0 ? uv_strerror(status) : addresses.count == 0 ? "it has no address" : NULL;
    done(data, why == NULL ? &addresses : NULL, why);
}

struct releve_lookup *releve_lookup_start(uv_loop_t *loop, const char *host, releve_lookup_done done, void *data,
                                          const char **why)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct releve_lookup *lookup = releve_alloc(1, sizeof *lookup);
    lookup->done = done;
    lookup->data = data;
    lookup->request.data = lookup;
    int status = uv_getaddrinfo(loop, &lookup->request, on_found, host, NULL, &hints);
    if (status == 0)
        return lookup;
    free(lookup);
    *why = uv_strerror(status);
    return NULL;
}

void releve_lookup_drop(struct releve_lookup *lookup)
{
    lookup->done = NULL;
    (void)uv_cancel((uv_req_t *)&lookup->request); /* where no thread has begun yet */
}
