/* What goes on: the situation in Redis is looked at once a second at most, for all requests, and each answer is written
 * once a look. While there are streams, it is looked at every second. */
#ifndef RELEVE_CLI_LIVE_H
#define RELEVE_CLI_LIVE_H

#include <adapters/cli/situation.h>
#include <adapters/web/web.h>

#define RELEVE_LIVE_FRESH_MS 1000    /* a look at Redis serves the requests of so long */
#define RELEVE_LIVE_PATIENCE_MS 5000 /* a request waits for Redis no longer */
#define RELEVE_LIVE_SIGN_MS 15000    /* a stream gets a sign of life so often, whatever happens */

enum releve_live_wanted { RELEVE_LIVE_METRICS, RELEVE_LIVE_STATUS, RELEVE_LIVE_WANTED };

struct releve_live_waiting {
    struct releve_web_asked *asked;
    enum releve_live_wanted wanted;
    uint64_t since_ms; /* loop time */
};

struct releve_live {
    const struct releve_config *config;
    uv_loop_t *loop;
    struct releve_web *web; /* whose streams are told; NULL before there is one */
    uv_timer_t timer;       /* while a request waits or there are streams */
    bool ended;

    struct releve_situation situation;
    struct releve_text bodies[RELEVE_LIVE_WANTED]; /* of the latest look; empty where none was asked for yet */
    struct releve_text told; /* the status that the streams have; empty: none, or that it is away */
    uint64_t told_ms;        /* when they were sent something */
    enum {
        RELEVE_LOOK_NONE, /* before the first request */
        RELEVE_LOOK_UNDER_WAY,
        RELEVE_LOOK_FOUND,
        RELEVE_LOOK_FAILED
    } look;
    uint64_t looked_ms; /* FOUND, FAILED: at this loop time */
    bool is_away;       /* the streams were told that Redis does not answer */
    struct releve_live_waiting waiting[RELEVE_WEB_WAITING_MAX];
    size_t waiting_count;
};

void releve_live_open(struct releve_live *live, uv_loop_t *loop, const struct releve_config *config,
                      struct releve_store *store);

/* The service is there. What is wrong from the beginning is said on standard error. */
void releve_live_begin(struct releve_live *live, struct releve_web *web);

/* Answers, now or later. */
void releve_live_ask(struct releve_live *live, struct releve_web_asked *asked, enum releve_live_wanted wanted);

/* Answers with a stream, which is told what goes on. */
void releve_live_follow(struct releve_live *live, struct releve_web_asked *asked);

/* Answers every waiting request with 503. */
void releve_live_end(struct releve_live *live);
void releve_live_free(struct releve_live *live);

#endif
