/* Learning which node of a cluster serves what: at the beginning, and whenever something seems to have changed. */
#include <adapters/redis/cluster_internal.h>
#include <releve/memory.h>
#include <stdio.h>
#include <string.h>

/* --- the map -------------------------------------------------------------------------------------------- */

/* Nothing is to be had any more from a node that serves no slot: what ASK led there is still answered, as long as the
 * connection that it was sent over stands. The slot's owner says where it belongs by now. */
static bool is_spent(const struct releve_place *place)
{
    bool is_lost = place->node->commands.been_ready && !releve_place_is_up(place);
    return !place->master && (place->was_master || is_lost || place->node->commands.load.count == 0);
}

/* Replies still come from a node that serves other slots, and say MOVED where that is so. From one that is no master
 * any more they may not. Of what has not been sent, the order is kept. */
static void move_commands(struct releve_cluster *cluster)
{
    for (size_t i = 0; i < RELEVE_NODES_MAX; i++) {
        struct releve_place *place = &cluster->places.of[i];
        struct releve_node *node = place->node;
        if (node == NULL)
            continue;
        if (is_spent(place))
            releve_cluster_route(cluster, releve_cluster_abandon(node));
        else if (place->master && !releve_place_is_up(place))
            releve_cluster_reroute(node);
    }
}

static void open_masters(struct releve_cluster *cluster)
{
    struct releve_place *master = NULL;
    while ((master = releve_places_next_master(&cluster->places, master)) != NULL)
        (void)releve_cluster_node_at(cluster, master);
}

static void end_looks(struct releve_look **looks)
{
    struct releve_look *look = *looks, *next;
    *looks = NULL;
    for (; look != NULL; look = next) {
        next = look->next;
        look->done(look->data);
        free(look);
    }
}

void releve_cluster_end_looks(struct releve_cluster *cluster)
{
    end_looks(&cluster->looking);
    end_looks(&cluster->coming);
}

void releve_cluster_look(struct releve_cluster *cluster, void (*done)(void *data), void *data)
{
    struct releve_look *look = releve_alloc(1, sizeof *look);
    *look = (struct releve_look){cluster->coming, done, data};
    cluster->coming = look;
    releve_cluster_want_map(cluster);
}

static void on_map(struct releve_cluster *cluster, const struct releve_slot_map *map)
{
    cluster->asked = cluster->misnamed = 0;
    cluster->begins = false;
    cluster->bound = cluster->bound || map->served == RELEVE_SLOTS;
    cluster->mapped_ms = (releve_time)uv_now(cluster->loop);
    releve_places_merge(&cluster->places, map);
    move_commands(cluster);
    if (cluster->phase == CLUSTER_STARTING && map->served < RELEVE_SLOTS) {
        (void)releve_fail(
            &cluster->trouble, RELEVE_E_REDIS,
            "the Redis Cluster at %s is not complete: no node serves %u of its %d slots; see CLUSTER INFO "
            "and redis-cli --cluster check",
            cluster->url->address, RELEVE_SLOTS - map->served, RELEVE_SLOTS);
        releve_cluster_want_map(cluster);
    } else if (cluster->phase == CLUSTER_STARTING && !cluster->patient) {
        open_masters(cluster);
    }
    if (cluster->phase == CLUSTER_WORKING)
        releve_cluster_route(cluster, releve_commands_take(&cluster->lobby));
    releve_cluster_judge(cluster);
    end_looks(&cluster->looking);
}

static size_t count_listed(const struct releve_cluster *cluster)
{
    size_t count = 0;
    for (size_t i = 0; i < RELEVE_NODES_MAX; i++)
        count += cluster->places.of[i].used && cluster->places.of[i].listed;
    return count;
}

size_t releve_cluster_candidates(const struct releve_cluster *cluster)
{
    return count_listed(cluster) + cluster->url->seeds_count;
}

/* In turn; what RELEVE_REDIS names only where no node of the cluster answers, once it is known which cluster it is. */
static size_t next_candidate(struct releve_cluster *cluster)
{
    size_t listed = count_listed(cluster), turn = cluster->candidate++;
    if (!cluster->bound)
        return turn % releve_cluster_candidates(cluster);
    return cluster->asked < listed ? turn % listed : listed + turn % cluster->url->seeds_count;
}

void releve_cluster_candidate(struct releve_cluster *cluster, size_t number, struct releve_redis_url *url)
{
    const struct releve_redis_seed *seed = NULL;
    for (size_t i = 0; seed == NULL && i < RELEVE_NODES_MAX; i++)
        if (cluster->places.of[i].used && cluster->places.of[i].listed && number-- == 0)
            seed = &cluster->places.of[i].seed;
    releve_cluster_url(cluster, seed != NULL ? seed : &cluster->url->seeds[number], url);
}

static void send_scout(struct releve_cluster *cluster)
{
    struct releve_redis_url url;
    releve_cluster_candidate(cluster, next_candidate(cluster), &url);
    cluster->parts.open++;
    cluster->scout_again = false;
    while (cluster->coming != NULL) {
        struct releve_look *look = cluster->coming;
        cluster->coming = look->next;
        look->next = cluster->looking;
        cluster->looking = look;
    }
    releve_scout_ask(&cluster->scout, &url);
    explicit_bzero(&url, sizeof url);
}

static void on_map_timer(uv_timer_t *timer)
{
    send_scout(timer->data);
}

void releve_cluster_want_map(struct releve_cluster *cluster)
{
    if (cluster->phase > CLUSTER_WORKING || uv_is_active((uv_handle_t *)&cluster->map_timer))
        return;
    if (cluster->scout.phase != SCOUT_IDLE) {
        cluster->scout_again = true;
        return;
    }
    if ((releve_time)uv_now(cluster->loop) - cluster->mapped_ms > RELEVE_MAP_CALM_MS && cluster->asked == 0) {
        cluster->map_ms = RELEVE_MAP_FIRST_MS;
        (void)uv_timer_start(&cluster->map_timer, on_map_timer, 0, 0);
        return;
    }
    (void)uv_timer_start(&cluster->map_timer, on_map_timer, (uint64_t)cluster->map_ms, 0);
    cluster->map_ms *= 2;
    if (cluster->map_ms > RELEVE_MAP_MAX_MS)
        cluster->map_ms = RELEVE_MAP_MAX_MS;
}

/* Nobody answered the scout, or not well. */
static void on_no_map(struct releve_cluster *cluster, const struct releve_error *error)
{
    cluster->trouble = *error;
    cluster->misnamed += error->code == RELEVE_E_CONFIG;
    cluster->begins = cluster->begins || cluster->scout.loading;
    if (++cluster->asked < releve_cluster_candidates(cluster)) {
        cluster->trouble.code = RELEVE_E_REDIS; /* another one may know better */
        send_scout(cluster);
        return;
    }
    if (cluster->misnamed < cluster->asked) /* what another one may mend, or what is not known yet */
        cluster->trouble.code = RELEVE_E_REDIS;
    bool waits = cluster->patient || (cluster->begins && releve_cluster_is_young(cluster));
    if (cluster->phase == CLUSTER_STARTING && !waits) {
        if (releve_cluster_candidates(cluster) > 1)
            (void)releve_fail(&cluster->trouble, cluster->trouble.code,
                              "none of the %zu nodes of the Redis Cluster at %s "
                              "can be asked; of the last one: %s",
                              releve_cluster_candidates(cluster), cluster->url->address, error->text);
        releve_cluster_fail_start(cluster);
        return;
    }
    cluster->asked = cluster->misnamed = 0;
    cluster->mapped_ms = (releve_time)uv_now(cluster->loop); /* not calm: the next round comes after the delay */
    releve_cluster_want_map(cluster);
}

/* Whether the map is that of the cluster (docs/design.md, Slots); why not. */
static bool is_believed(struct releve_cluster *cluster, const struct releve_slot_map *map, struct releve_error *why)
{
    const struct releve_redis_url *url = &cluster->scout.url;
    struct releve_redis_seed asked = {.port = url->port};
    memcpy(asked.host, url->host, sizeof asked.host);
    if (cluster->bound && releve_places_recognize(&cluster->places, map, &asked))
        return true;
    if (cluster->bound) {
        (void)releve_fail(why, RELEVE_E_REDIS,
                          "Redis at %s belongs to another cluster than the one at %s, or to none: it knows none of the "
                          "nodes that are known from there; name it no more in RELEVE_REDIS, and start again if it is "
                          "the right one",
                          url->address, cluster->url->address);
        return false;
    }
    if (map->served > 0)
        return true;
    cluster->begins = true;
    (void)releve_fail(why, RELEVE_E_REDIS,
                      "Redis at %s is in no cluster: it knows no node that serves a slot; create the cluster "
                      "(redis-cli --cluster create), or name another node in RELEVE_REDIS",
                      url->address);
    return false;
}

static void on_scouted(void *data, const struct releve_slot_map *map, const struct releve_error *error)
{
    struct releve_cluster *cluster = data;
    struct releve_error why;
    if (cluster->phase <= CLUSTER_WORKING && map != NULL && is_believed(cluster, map, &why))
        on_map(cluster, map);
    else if (cluster->phase <= CLUSTER_WORKING && map != NULL)
        on_no_map(cluster, &why);
    else if (cluster->phase <= CLUSTER_WORKING)
        on_no_map(cluster, error);
    bool troubled = cluster->scout_again || (cluster->phase == CLUSTER_WORKING && !cluster->link_up);
    if (cluster->phase <= CLUSTER_WORKING && troubled && cluster->scout.phase == SCOUT_IDLE)
        releve_cluster_want_map(cluster);
    releve_closing_one(&cluster->parts);
}

/* Replicas come and go without a word. Where all masters were replaced one after the other, somebody who knew only the
 * first of them would not find the last. */
static void on_age(uv_timer_t *timer)
{
    releve_cluster_want_map(timer->data);
}

void releve_cluster_first_map(struct releve_cluster *cluster)
{
    cluster->mapped_ms = cluster->started_ms;
    cluster->map_ms = RELEVE_MAP_FIRST_MS;
    releve_scout_init(&cluster->scout, cluster->loop, on_scouted, cluster);
    (void)uv_timer_start(&cluster->map_timer, on_map_timer, 0, 0);
    (void)uv_timer_start(&cluster->age_timer, on_age, RELEVE_MAP_AGE_MS, RELEVE_MAP_AGE_MS);
}
