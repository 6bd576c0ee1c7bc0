/* What queue.c and feed.c share. Not for others. */
#ifndef RELEVE_REDIS_QUEUE_INTERNAL_H
#define RELEVE_REDIS_QUEUE_INTERNAL_H

#include <adapters/redis/closing.h>
#include <adapters/redis/holdings.h>
#include <adapters/redis/nodes.h>
#include <adapters/redis/queue.h>
#include <adapters/redis/replies.h>

enum feed_phase {
    FEED_CLOSED,  /* no connection yet, or no more */
    FEED_OPEN,    /* may dequeue */
    FEED_PULLING, /* a message was asked for, and there is no reply yet */
    FEED_DRY      /* there was none the last time; may dequeue */
};

/* One queue, over a connection of its own: a blocked BLMOVE holds it. */
struct feed {
    struct releve_queue *queue;
    enum releve_class class_;
    enum feed_phase phase;
    struct releve_nodes nodes;
    bool connected;       /* nodes is open */
    unsigned empty_waits; /* in a row that brought nothing, and not because nothing came for long */
    uint64_t pulled_ms;   /* loop time of the last question; 0 before the first */
    unsigned held, most;  /* jobs that came from this queue, whatever class they name, and are here */
    unsigned held_up; /* of its class, as of the last beat: they take nobody's place, within RELEVE_PREFETCH_BESIDE */
};

enum queue_phase {
    QUEUE_JOINING,
    QUEUE_RUNNING,
    QUEUE_STOPPED, /* dequeues no more */
    QUEUE_LOST,    /* was declared dead: its jobs are others' */
    QUEUE_LEAVING, /* gives back what is left; its connection closes next */
    QUEUE_CLOSING
};

/* Looking for messages that are in the worker's list and not known here. */
enum compare_phase {
    COMPARE_IDLE,
    COMPARE_READING,
    COMPARE_AGAIN /* reading, and what is being read may be older than the reason for the next look */
};

struct releve_queue {
    uv_loop_t *loop;
    struct releve_queue_options options;
    char prefix[RELEVE_PREFIX_BYTES];
    char worker[RELEVE_WORKER_NAME_BYTES];
    struct releve_redis_url url;
    enum queue_phase phase;
    enum compare_phase compare;
    struct releve_nodes nodes;
    struct releve_replies replies;
    struct feed feeds[RELEVE_CLASSES];
    struct releve_holdings holdings;
    uv_timer_t beat, leave;
    bool is_beating;      /* a join or a beat is under way */
    bool awaits_others;   /* as of the last beat: some are silent whose jobs may go back to the queues soon */
    unsigned taking_over; /* dead workers whose jobs are on their way back to the queues */
    unsigned accepting;   /* messages on their way to be jobs */
    unsigned beats;
    void (*ready)(void *data, const struct releve_error *error);
    struct releve_closing parts; /* nodes, feeds, timers */
    void (*closed)(void *data);
    void *closed_data;
};

static inline bool releve_queue_is_closing(const struct releve_queue *queue)
{
    return queue->phase >= QUEUE_LEAVING;
}

/* Its jobs are its own. */
static inline bool releve_queue_is_alive(const struct releve_queue *queue)
{
    return queue->phase < QUEUE_LOST;
}

/* queue.c: Redis refused something; nothing where the error is none. */
void releve_queue_report(const struct releve_queue *queue, const struct releve_error *error);
/* queue.c: this worker was declared dead, and its jobs are others'. */
void releve_queue_lose(struct releve_queue *queue);

/* give_back.c: what a worker's list holds goes back to the heads of the queues; `done` hears how much. */
typedef void (*releve_given_back)(struct releve_queue *queue, size_t count, const struct releve_error *error);
void releve_queue_give_back(struct releve_queue *queue, const char *worker, releve_given_back done);

/* feed.c: connects; `feed->nodes` is to be closed by whoever opened it. */
void releve_feed_open(struct feed *feed);
/* feed.c: asks for the next message, where there is room for one and none is asked for. */
void releve_feed_pull(struct feed *feed);
/* feed.c: looks for messages that are in the worker's list and not known here. */
void releve_queue_compare(struct releve_queue *queue);

#endif
