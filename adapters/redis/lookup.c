/* See lookup.h. A thread for each question, not one of libuv's: those are waited for by the loop, and by the process
 * when it exits. A thread that is not waited for any more ends by itself, when the resolver lets it. */
#include <adapters/redis/lookup.h>
#include <netdb.h>
#include <pthread.h>
#include <releve/memory.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

/* What the thread works on. It frees it, or the loop does: whoever needs it last. */
struct question {
    struct releve_lookup *lookup; /* NULL once dropped */
    bool over;                    /* the thread needs it no more */
    int status;                   /* of getaddrinfo */
    struct releve_addresses addresses;
    char host[];
};

struct releve_lookup {
    uv_async_t answered;
    struct question *question;
    releve_lookup_done done;
    void *data;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all questions and their count */
static unsigned questions;

/* --- the thread --------------------------------------------------------------------------------------- */

static void ask(struct question *question)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    struct releve_addresses *addresses = &question->addresses;
    question->status = getaddrinfo(question->host, NULL, &hints, &found);
    if (question->status != 0)
        return;
    for (const struct addrinfo *one = found; one != NULL && addresses->count < RELEVE_ADDRESSES_MAX;
         one = one->ai_next) {
        char *text = addresses->text[addresses->count];
        if (getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof addresses->text[0], NULL, 0, NI_NUMERICHOST) == 0)
            addresses->count++;
    }
    freeaddrinfo(found);
}

static void *run(void *data)
{
    struct question *question = data;
    ask(question);
    (void)pthread_mutex_lock(&lock);
    questions--;
    question->over = true;
    bool dropped = question->lookup == NULL;
    if (!dropped)
        (void)uv_async_send(&question->lookup->answered);
    (void)pthread_mutex_unlock(&lock);
    if (dropped)
        free(question);
    return NULL;
}

/* NULL, or why there is none. Signals are for the loop's thread. */
static const char *start_thread(struct question *question)
{
    pthread_t thread;
    sigset_t all, before;
    const char *why = "too many questions are with the resolver, which does not answer them";
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    (void)pthread_mutex_lock(&lock); /* so long it cannot end */
    if (questions < RELEVE_LOOKUPS_MAX) {
        int status = pthread_create(&thread, NULL, run, question);
        why = status != 0 ? strerror(status) : NULL;
    }
    if (why == NULL) {
        questions++;
        (void)pthread_detach(thread);
    }
    (void)pthread_mutex_unlock(&lock);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return why;
}

bool releve_lookup_is_numeric(const char *host)
{
    struct in6_addr address; /* large enough for both */
    return uv_inet_pton(AF_INET, host, &address) == 0 || uv_inet_pton(AF_INET6, host, &address) == 0;
}

/* --- the loop ----------------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* The question goes with its thread, or here. */
void releve_lookup_drop(struct releve_lookup *lookup)
{
    (void)pthread_mutex_lock(&lock);
    bool over = lookup->question->over;
    lookup->question->lookup = NULL;
    (void)pthread_mutex_unlock(&lock);
    if (over)
        free(lookup->question);
    uv_close((uv_handle_t *)&lookup->answered, on_closed);
}

static void on_answered(uv_async_t *async)
{
    struct releve_lookup *lookup = async->data;
    releve_lookup_done done = lookup->done;
    void *data = lookup->data;
    int status = lookup->question->status;
    struct releve_addresses addresses = lookup->question->addresses;
    releve_lookup_drop(lookup);
    const char *why = status != 0 ? gai_strerror(status) : addresses.count == 0 ? "it has no address" : NULL;
    done(data, why == NULL ? &addresses : NULL, why);
}

static struct releve_lookup *lookup_new(uv_loop_t *loop, const char *host, releve_lookup_done done, void *data)
{
    struct releve_lookup *lookup = releve_alloc(1, sizeof *lookup);
    lookup->question = releve_alloc(1, sizeof *lookup->question + strlen(host) + 1);
    lookup->question->lookup = lookup;
    memcpy(lookup->question->host, host, strlen(host) + 1);
    lookup->done = done;
    lookup->data = data;
    lookup->answered.data = lookup;
    (void)uv_async_init(loop, &lookup->answered, on_answered); /* cannot fail: a loop has one of its own already */
    return lookup;
}

struct releve_lookup *releve_lookup_start(uv_loop_t *loop, const char *host, releve_lookup_done done, void *data,
                                          const char **why)
{
    struct releve_lookup *lookup = lookup_new(loop, host, done, data);
    *why = start_thread(lookup->question);
    if (*why == NULL)
        return lookup;
    lookup->question->over = true; /* no thread has it */
    releve_lookup_drop(lookup);
    return NULL;
}
