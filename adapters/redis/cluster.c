/* A Redis Cluster as a whole: its beginning, its end, and whether it serves. Where commands go is in cluster_route.c,
 * where that is learned from in cluster_map.c. */
#include <adapters/redis/cluster_internal.h>
#include <adapters/redis/slot.h>
#include <assert.h>
#include <releve/memory.h>
#include <stdio.h>
#include <string.h>

/* --- the link ------------------------------------------------------------------------------------------ */

void releve_cluster_link_down(struct releve_cluster *cluster, const char *why)
{
    (void)uv_timer_stop(&cluster->settle_timer);
    if (cluster->phase != CLUSTER_WORKING || !cluster->link_up)
        return;
    cluster->link_up = false;
    if (cluster->on_link != NULL)
        cluster->on_link(cluster->data, false, why);
}

/* --- the beginning -------------------------------------------------------------------------------------- */

static releve_time age_ms(const struct releve_cluster *cluster)
{
    return (releve_time)uv_now(cluster->loop) - cluster->started_ms;
}

bool releve_cluster_is_young(const struct releve_cluster *cluster)
{
    return age_ms(cluster) < cluster->start_ms;
}

void releve_cluster_await(struct releve_cluster *cluster, const char *why)
{
    void (*on_wait)(void *data, const char *line) = cluster->on_wait;
    char line[RELEVE_ERROR_BYTES];
    if (on_wait == NULL || cluster->phase > CLUSTER_WORKING || age_ms(cluster) < RELEVE_CLUSTER_SAY_MS)
        return;
    long long left_s = (cluster->start_ms - age_ms(cluster) + RELEVE_SECOND_MS - 1) / RELEVE_SECOND_MS;
    (void)snprintf(line, sizeof line, "waits for Redis, %lld s more at most: %s", left_s, why);
    cluster->on_wait = NULL;
    on_wait(cluster->data, line);
}

/* What there is no map for, or which master does not answer. */
static void blame(struct releve_cluster *cluster)
{
    char name[RELEVE_REDIS_SEED_TEXT] = "";
    if (cluster->trouble.code != RELEVE_OK)
        return;
    for (struct releve_place *master = NULL; (master = releve_places_next_master(&cluster->places, master)) != NULL;)
        if (name[0] == '\0' && !releve_place_is_up(master))
            (void)releve_redis_seed_format(&master->seed, name);
    (void)releve_fail(&cluster->trouble, RELEVE_E_REDIS, "Redis at %s has not answered yet",
                      name[0] != '\0' ? name : cluster->url->address);
}

static void on_start_late(uv_timer_t *timer)
{
    struct releve_cluster *cluster = timer->data;
    if (cluster->phase != CLUSTER_STARTING || cluster->patient)
        return;
    blame(cluster);
    releve_cluster_fail_start(cluster);
}

static void on_start_slow(uv_timer_t *timer)
{
    struct releve_cluster *cluster = timer->data;
    if (cluster->phase != CLUSTER_STARTING || cluster->patient)
        return;
    blame(cluster);
    releve_cluster_judge(cluster); /* whoever can begin without the others waits for them no more */
    if (cluster->phase != CLUSTER_STARTING)
        return;
    (void)uv_timer_start(timer, on_start_late, (uint64_t)(cluster->start_ms - RELEVE_CLUSTER_SAY_MS), 0);
    releve_cluster_await(cluster, cluster->trouble.text);
}

void releve_cluster_fail_start(struct releve_cluster *cluster)
{
    assert(cluster->trouble.code != RELEVE_OK);
    cluster->phase = CLUSTER_FAILED;
    (void)uv_timer_stop(&cluster->start_timer);
    (void)uv_timer_stop(&cluster->map_timer);
    (void)uv_timer_stop(&cluster->age_timer);
    struct releve_error error = cluster->trouble;
    releve_connection_fail(&cluster->lobby.connection, &error); /* calls `ready` */
}

static void on_lobby_ready(void *data, const struct releve_error *error)
{
    struct releve_cluster *cluster = data;
    cluster->ready(cluster->data, error);
}

/* Masters that it begins without are connected to when they are there. `why` names the first; false: there are none. */
static bool leave_behind(struct releve_cluster *cluster, char why[RELEVE_ERROR_BYTES])
{
    char name[RELEVE_REDIS_SEED_TEXT];
    bool some = false;
    for (struct releve_place *master = NULL; (master = releve_places_next_master(&cluster->places, master)) != NULL;) {
        if (releve_place_is_up(master))
            continue;
        releve_cluster_node_at(cluster, master)->commands.connection.patient = true;
        (void)releve_redis_seed_format(&master->seed, name);
        if (!some && master == cluster->refusing)
            (void)snprintf(why, RELEVE_ERROR_BYTES, "%s", cluster->refused.text);
        else if (!some)
            (void)snprintf(why, RELEVE_ERROR_BYTES, "Redis at %s does not answer", name);
        some = true;
    }
    return some;
}

static void begin_work(struct releve_cluster *cluster)
{
    static const struct releve_error none = {.code = RELEVE_OK};
    char why[RELEVE_ERROR_BYTES];
    bool some_away = !cluster->patient && leave_behind(cluster, why);
    cluster->phase = CLUSTER_WORKING;
    cluster->link_up = true;
    cluster->lobby.been_ready = true;
    releve_cluster_route(cluster, releve_commands_take(&cluster->lobby));
    cluster->ready(cluster->data, &none);
    if (!some_away || cluster->phase != CLUSTER_WORKING)
        return;
    releve_cluster_link_down(cluster, why);
    releve_cluster_want_map(cluster);
}

/* All nodes that are in use answer and serve. */
static bool is_well(const struct releve_cluster *cluster)
{
    for (size_t i = 0; i < RELEVE_NODES_MAX; i++) {
        const struct releve_place *place = &cluster->places.of[i];
        if (place->used && place->master && place->node != NULL &&
            (!releve_place_is_up(place) || place->node->commands.waits.missed))
            return false;
    }
    return cluster->unserved == 0;
}

static void on_settled(uv_timer_t *timer)
{
    struct releve_cluster *cluster = timer->data;
    if (cluster->link_up || !is_well(cluster))
        return;
    cluster->link_up = true;
    if (cluster->on_link != NULL)
        cluster->on_link(cluster->data, true, "");
}

/* `open`: masters that are connected to or are being tried. */
static bool is_enough(struct releve_cluster *cluster, size_t open, size_t up, size_t masters)
{
    if (cluster->patient || up == masters)
        return true;
    return cluster->needed != RELEVE_SLOT_ANY &&
           releve_place_is_up(releve_places_owner(&cluster->places, cluster->needed)) &&
           (open == up || age_ms(cluster) >= RELEVE_CLUSTER_SAY_MS);
}

static void judge_start(struct releve_cluster *cluster)
{
    size_t open = 0, up = 0, masters = 0;
    for (struct releve_place *master = NULL; (master = releve_places_next_master(&cluster->places, master)) != NULL;) {
        open += master->node != NULL;
        up += releve_place_is_up(master);
        masters++;
    }
    bool complete = true;
    for (int slot = 0; complete && slot < RELEVE_SLOTS; slot++)
        complete = releve_places_owner(&cluster->places, slot) != NULL;
    if (complete && is_enough(cluster, open, up, masters))
        begin_work(cluster);
    else if (!cluster->patient && cluster->trouble.code != RELEVE_OK &&
             ((complete && open == 0) || !releve_cluster_is_young(cluster)))
        releve_cluster_fail_start(cluster);
}

void releve_cluster_judge(struct releve_cluster *cluster)
{
    if (cluster->phase == CLUSTER_STARTING && cluster->places.epoch > 0)
        judge_start(cluster);
    else if (cluster->phase == CLUSTER_WORKING && !cluster->link_up && is_well(cluster) &&
             !uv_is_active((uv_handle_t *)&cluster->settle_timer))
        (void)uv_timer_start(&cluster->settle_timer, on_settled, RELEVE_SETTLE_MS, 0);
}

/* --- the life ------------------------------------------------------------------------------------------- */

struct releve_cluster *releve_cluster_open(uv_loop_t *loop, const struct releve_redis_url *url, const char *prefix,
                                           void (*ready)(void *data, const struct releve_error *error),
                                           void (*on_link)(void *data, bool up, const char *why), void *data)
{
    assert(url->seeds_count > 0);
    struct releve_cluster *cluster = releve_alloc(1, sizeof *cluster);
    cluster->loop = loop;
    cluster->url = url;
    cluster->prefix = prefix;
    cluster->ready = ready;
    cluster->on_link = on_link;
    cluster->data = data;
    cluster->timeout_ms = RELEVE_COMMAND_TIMEOUT_MS;
    cluster->started_ms = (releve_time)uv_now(loop);
    cluster->start_ms = RELEVE_CLUSTER_START_MS;
    cluster->retry_ms = RELEVE_RETRY_FIRST_MS;
    cluster->needed = RELEVE_SLOT_ANY;
    releve_places_init(&cluster->places);
    releve_commands_open(&cluster->lobby, loop, url, prefix, on_lobby_ready, NULL, cluster);
    cluster->lobby.total = &cluster->total;
    cluster->lobby.numbers = &cluster->numbers;
    releve_connection_hold(&cluster->lobby.connection);
    (void)uv_timer_init(loop, &cluster->start_timer);
    (void)uv_timer_init(loop, &cluster->settle_timer);
    (void)uv_timer_init(loop, &cluster->retry_timer);
    (void)uv_timer_init(loop, &cluster->map_timer);
    (void)uv_timer_init(loop, &cluster->age_timer);
    cluster->start_timer.data = cluster->settle_timer.data = cluster->retry_timer.data = cluster;
    cluster->map_timer.data = cluster->age_timer.data = cluster;
    (void)uv_timer_start(&cluster->start_timer, on_start_slow, RELEVE_CLUSTER_SAY_MS, 0);
    releve_cluster_first_map(cluster);
    return cluster;
}

static void on_lobby_closed(void *data)
{
    struct releve_cluster *cluster = data;
    void (*closed)(void *data) = cluster->closed;
    void *closed_data = cluster->data;
    explicit_bzero(&cluster->scout.url, sizeof cluster->scout.url);
    free(cluster);
    closed(closed_data);
}

/* The lobby is the last: whoever is told that a command failed may ask again, and that waits there. */
static void on_parts_closed(void *data)
{
    struct releve_cluster *cluster = data;
    releve_cluster_end_looks(cluster);
    releve_commands_close(&cluster->lobby, on_lobby_closed);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct releve_cluster *cluster = handle->data;
    releve_closing_one(&cluster->parts);
}

void releve_cluster_close(struct releve_cluster *cluster, void (*closed)(void *data))
{
    assert(cluster->phase != CLUSTER_CLOSING);
    cluster->phase = CLUSTER_CLOSING;
    cluster->closed = closed;
    cluster->parts.closed = on_parts_closed;
    cluster->parts.data = cluster;
    cluster->parts.open += 5; /* what else is open counts already */
    uv_close((uv_handle_t *)&cluster->start_timer, on_timer_closed);
    uv_close((uv_handle_t *)&cluster->settle_timer, on_timer_closed);
    uv_close((uv_handle_t *)&cluster->retry_timer, on_timer_closed);
    uv_close((uv_handle_t *)&cluster->map_timer, on_timer_closed);
    uv_close((uv_handle_t *)&cluster->age_timer, on_timer_closed);
    for (size_t i = 0; i < RELEVE_NODES_MAX; i++) {
        struct releve_node *node = cluster->places.of[i].node;
        if (node != NULL)
            releve_commands_close(&node->commands, releve_cluster_on_node_closed);
    }
    releve_scout_recall(&cluster->scout);
}

/* --- for nodes.c ---------------------------------------------------------------------------------------- */

struct releve_commands *releve_cluster_at(struct releve_cluster *cluster, int slot)
{
    struct releve_node *node = cluster->phase == CLUSTER_WORKING ? releve_cluster_node_for(cluster, slot) : NULL;
    if (node == NULL)
        releve_cluster_want_retry(cluster);
    return node != NULL ? &node->commands : &cluster->lobby;
}

struct releve_commands *releve_cluster_at_master(struct releve_cluster *cluster, size_t i)
{
    struct releve_place *place = cluster->phase == CLUSTER_WORKING ? releve_places_master(&cluster->places, i) : NULL;
    if (place == NULL)
        releve_cluster_want_retry(cluster);
    return place != NULL ? &releve_cluster_node_at(cluster, place)->commands : &cluster->lobby;
}

void releve_cluster_set_timeout(struct releve_cluster *cluster, releve_time timeout_ms)
{
    cluster->timeout_ms = timeout_ms;
    for (size_t i = 0; i < RELEVE_NODES_MAX; i++)
        if (cluster->places.of[i].node != NULL)
            cluster->places.of[i].node->commands.connection.timeout_ms = timeout_ms;
}

void releve_cluster_begin_with(struct releve_cluster *cluster, int slot)
{
    cluster->needed = slot;
}

/* Nodes are opened when there is a map. */
void releve_cluster_set_impatient(struct releve_cluster *cluster)
{
    assert(cluster->places.epoch == 0);
    cluster->impatient = true;
}

releve_time releve_cluster_timeout(const struct releve_cluster *cluster)
{
    return cluster->timeout_ms;
}

void releve_cluster_set_patient(struct releve_cluster *cluster)
{
    cluster->patient = true;
}

void releve_cluster_set_start(struct releve_cluster *cluster, releve_time start_ms,
                              void (*on_wait)(void *data, const char *line))
{
    assert(start_ms == 0 || start_ms > RELEVE_CLUSTER_SAY_MS);
    if (start_ms > 0)
        cluster->start_ms = start_ms;
    cluster->on_wait = on_wait;
}

bool releve_cluster_is_up(const struct releve_cluster *cluster)
{
    return cluster->phase == CLUSTER_WORKING && cluster->link_up;
}

bool releve_cluster_is_reachable(struct releve_cluster *cluster)
{
    struct releve_place *master = NULL;
    if (cluster->phase != CLUSTER_WORKING)
        return false;
    while ((master = releve_places_next_master(&cluster->places, master)) != NULL && !releve_place_is_up(master)) {
    }
    return master != NULL;
}

bool releve_cluster_is_durable(const struct releve_cluster *cluster)
{
    return !cluster->lossy;
}

size_t releve_cluster_unanswered(const struct releve_cluster *cluster)
{
    size_t count = releve_commands_unanswered(&cluster->lobby);
    for (size_t i = 0; i < RELEVE_NODES_MAX; i++)
        if (cluster->places.of[i].node != NULL)
            count += releve_commands_unanswered(&cluster->places.of[i].node->commands);
    return count;
}

size_t releve_cluster_masters(struct releve_cluster *cluster)
{
    size_t count = 0;
    for (struct releve_place *master = NULL; (master = releve_places_next_master(&cluster->places, master)) != NULL;)
        count++;
    return count;
}

static bool is_known_to_be_away(const struct releve_place *place)
{
    if (place->node == NULL || releve_place_is_up(place))
        return false;
    return place->node->commands.been_ready || place->node->commands.connection.patient; /* else it is being tried */
}

bool releve_cluster_serves(struct releve_cluster *cluster, int slot, size_t *place)
{
    const struct releve_place *owner = releve_places_owner(&cluster->places, slot);
    if (owner == NULL)
        return false;
    *place = (size_t)(owner - cluster->places.of);
    return !is_known_to_be_away(owner);
}

bool releve_cluster_away(struct releve_cluster *cluster, size_t i, char out[RELEVE_REDIS_SEED_TEXT])
{
    for (struct releve_place *master = NULL; (master = releve_places_next_master(&cluster->places, master)) != NULL;) {
        if (!is_known_to_be_away(master) || i-- > 0)
            continue;
        (void)releve_redis_seed_format(&master->seed, out);
        return true;
    }
    return false;
}

void releve_cluster_name(struct releve_cluster *cluster, size_t i, char out[RELEVE_REDIS_SEED_TEXT])
{
    const struct releve_place *place = releve_places_master(&cluster->places, i);
    out[0] = '\0';
    if (place != NULL)
        (void)releve_redis_seed_format(&place->seed, out);
}

uint64_t releve_cluster_epoch(const struct releve_cluster *cluster)
{
    return cluster->places.epoch + cluster->reconnected; /* neither ever shrinks */
}

const struct releve_latencies *releve_cluster_latencies(const struct releve_cluster *cluster)
{
    return &cluster->latencies;
}

void releve_cluster_choose(struct releve_cluster *cluster, struct releve_redis_url *chosen)
{
    size_t masters = releve_cluster_masters(cluster), first = cluster->lent++;
    for (size_t i = 0; i < masters; i++) {
        const struct releve_place *place = releve_places_master(&cluster->places, (first + i) % masters);
        if (releve_place_is_up(place)) {
            releve_cluster_url(cluster, &place->seed, chosen);
            return;
        }
    }
    releve_cluster_candidate(cluster, first % releve_cluster_candidates(cluster), chosen);
}

bool releve_cluster_knows(const struct releve_cluster *cluster, const struct releve_redis_url *chosen)
{
    for (size_t i = 0; i < RELEVE_NODES_MAX; i++) {
        const struct releve_place *place = &cluster->places.of[i];
        if (place->used && place->listed && place->seed.port == chosen->port &&
            strcmp(place->seed.host, chosen->host) == 0)
            return true;
    }
    return false;
}
