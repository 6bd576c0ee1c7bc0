/* A second connection that listens for news of the ledger: an earlier moment for the next permit of a bucket.
 * A Redis connection that subscribes can do nothing else. */
#ifndef RELEVE_REDIS_WATCHER_H
#define RELEVE_REDIS_WATCHER_H

#include <adapters/redis/nodes.h>
#include <releve/calendar.h>

#define RELEVE_WATCHES_MAX 32                           /* buckets: one an API family, and there are six */
#define RELEVE_CHANNEL_BYTES 192                        /* prefix:quota:bucket:due */
#define RELEVE_WATCHER_PROBE_MS (30 * RELEVE_SECOND_MS) /* silence after which the peer is asked for a sign of life */

typedef void (*releve_watcher_due)(void *data, const char *bucket, releve_time wait_ms);

struct releve_watch {
    char channel[RELEVE_CHANNEL_BYTES];
    char bucket[96];
    releve_watcher_due due;
    void *data;
    bool fresh; /* the subscription is not confirmed yet on this connection */
};

struct releve_watcher {
    struct releve_connection connection;
    struct releve_nodes *nodes;
    struct releve_redis_url url; /* of the node that it is connected to, where there are several */
    struct releve_watch watches[RELEVE_WATCHES_MAX];
    size_t count;
    uv_timer_t probe_timer;
    bool probing;                  /* a probe has no answer yet */
    struct releve_closing closing; /* the connection and the timer */
    void *data;
};

/* Connects when it is opened, and again for ever: to that address, or to whichever of `nodes` lives. `watcher` lives
 * until `closed`, and `nodes` longer. */
void releve_watcher_open(struct releve_watcher *watcher, struct releve_nodes *nodes, const struct releve_redis_url *url,
                         void *data);

/* `due` is called with 0 each time the subscription begins anew (news may have been missed), then with each
 * news. The same bucket again replaces `due` and `data`. */
void releve_watcher_add(struct releve_watcher *watcher, const char *channel, const char *bucket, releve_watcher_due due,
                        void *data);

void releve_watcher_close(struct releve_watcher *watcher, void (*closed)(void *data));

#endif
