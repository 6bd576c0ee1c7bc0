/* The life of one connection. */
#include <adapters/redis/connection.h>
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static void on_attempt(uv_timer_t *timer);

/* What the user can do. EMBEDDED is a socket by now. */
static const struct {
    const char *start, *database, *password;
} remedies[] = {
    [RELEVE_REDIS_TCP] = {"start it, or correct RELEVE_REDIS (RELEVE_REDIS=embedded starts a private one)",
                          "correct the number after the host in RELEVE_REDIS",
                          "write it as redis://:password@host in RELEVE_REDIS"},
    [RELEVE_REDIS_UNIX] = {"start it, or correct RELEVE_REDIS (RELEVE_REDIS=embedded starts a private one)",
                           "correct the number after ?db= in RELEVE_REDIS",
                           "write it as unix://:password@/path in RELEVE_REDIS"},
    [RELEVE_REDIS_CLUSTER] = {"start it, or correct RELEVE_REDIS", "name none in RELEVE_REDIS",
                              "write it as redis+cluster://:password@host in RELEVE_REDIS"},
    [RELEVE_REDIS_SENTINEL] = {"start it, or see to its sentinels",
                               "correct the number after the name of the master in RELEVE_REDIS",
                               "write it as redis+sentinel://:password@host/NAME in RELEVE_REDIS"},
};

static void start(uv_timer_t *timer, uv_timer_cb callback, releve_time wait_ms)
{
    int status = uv_timer_start(timer, callback, (uint64_t)wait_ms, 0);
    assert(status == 0);
    (void)status;
}

/* Ends whatever is under way. */
static void cut(struct releve_connection *connection)
{
    (void)uv_timer_stop(&connection->attempt_timer);
    if (connection->sentinels != NULL)
        releve_sentinels_drop(connection->sentinels);
    connection->sentinels = NULL;
    releve_dial_hang_up(&connection->dial);
}

/* The attempt, or the connection that stood, has come to an end. `passes`: not the first attempt's, however it is. */
static void lose(struct releve_connection *connection, const struct releve_error *error, bool passes)
{
    bool was_up = connection->state == RELEVE_CONNECTION_UP;
    cut(connection);
    if (!was_up)
        connection->first_sentinel++; /* the one that answered lags behind the others, perhaps */
    if (!connection->been_up && !connection->patient && !passes) {
        connection->state = RELEVE_CONNECTION_FAILED;
        connection->events.failed(connection->data, error);
        return;
    }
    connection->state = RELEVE_CONNECTION_WAITING;
    start(&connection->attempt_timer, on_attempt, connection->delay_ms);
    connection->delay_ms *= 2;
    if (connection->delay_ms > RELEVE_RECONNECT_MAX_MS)
        connection->delay_ms = RELEVE_RECONNECT_MAX_MS;
    if (was_up && connection->events.down != NULL)
        connection->events.down(connection->data, error->text);
}

static const char *place(const struct releve_connection *connection)
{
    return connection->place[0] != '\0' ? connection->place : connection->url->address;
}

/* A master that is not there, or is none: in a failover that passes. */
static bool may_fail_over(const struct releve_connection *connection)
{
    return connection->url->where == RELEVE_REDIS_SENTINEL &&
           (releve_time)uv_now(connection->loop) - connection->opened_ms < RELEVE_RECONNECT_MAX_MS;
}

static void on_lost(void *data, const char *why)
{
    struct releve_connection *connection = data;
    struct releve_error error;
    if (connection->state == RELEVE_CONNECTION_UP)
        (void)releve_fail(&error, RELEVE_E_REDIS, "connection to Redis at %s lost: %s", place(connection), why);
    else
        (void)releve_fail(&error, RELEVE_E_REDIS, "cannot connect to Redis at %s: %s; %s", place(connection), why,
                          connection->remedy != NULL ? connection->remedy : remedies[connection->url->where].start);
    lose(connection, &error, may_fail_over(connection));
}

static void on_unresolved(void *data, const char *why)
{
    struct releve_connection *connection = data;
    struct releve_error error;
    (void)releve_fail(&error, RELEVE_E_REDIS, "cannot connect to Redis at %s: its host name is not resolved: %s; %s",
                      place(connection), why,
                      connection->remedy != NULL ? connection->remedy
                                                 : "correct RELEVE_REDIS, or what resolves names here");
    lose(connection, &error, may_fail_over(connection));
}

/* For the handshake. */
static releve_time patience_ms(const struct releve_connection *connection)
{
    bool is_watched = connection->url->where == RELEVE_REDIS_SENTINEL;
    return is_watched && connection->timeout_ms > RELEVE_MASTER_HANDSHAKE_MS ? RELEVE_MASTER_HANDSHAKE_MS
                                                                             : connection->timeout_ms;
}

/* --- the handshake ------------------------------------------------------------------------------- */

/* AUTH, which sort of Redis, which node of a cluster, SELECT, ROLE, what is kept, PING. */

/* A sort of Redis that the address is not for: see connection.h. */
static bool is_refused_as(struct releve_connection *connection, enum releve_server server, unsigned masters)
{
    struct releve_error error;
    if (connection->url->any_server || releve_server_check(server, masters, connection->url, &error) == RELEVE_OK)
        return false;
    lose(connection, &error, false);
    return true;
}

static void refuse(struct releve_connection *connection, const char *what, const char *came_back, const char *remedy)
{
    struct releve_error error;
    (void)releve_fail(&error, RELEVE_E_REDIS, "Redis at %s %s: %.160s; %s", place(connection), what, came_back, remedy);
    lose(connection, &error, false);
}

static void on_auth(redisAsyncContext *context, void *answer, void *unused)
{
    const redisReply *reply = answer;
    struct releve_connection *connection = releve_dial_owner(context, reply);
    (void)unused;
    if (connection != NULL && reply->type == REDIS_REPLY_ERROR)
        refuse(connection, "refuses the password", reply->str, "correct the user and the password in RELEVE_REDIS");
}

static void on_select(redisAsyncContext *context, void *answer, void *unused)
{
    const redisReply *reply = answer;
    struct releve_connection *connection = releve_dial_owner(context, reply);
    (void)unused;
    if (connection == NULL || reply->type != REDIS_REPLY_ERROR)
        return;
    if (strncmp(reply->str, "NOAUTH", 6) == 0)
        return;                       /* PING says it too, with the better remedy */
    if (connection->counts_masters) { /* however many there are */
        struct releve_error error;
        (void)releve_fail(
            &error, RELEVE_E_CONFIG,
            "Redis at %s is a node of a cluster, which has no database but 0; write redis+cluster://, and "
            "no database, in RELEVE_REDIS",
            place(connection));
        lose(connection, &error, false);
        return;
    }
    refuse(connection, "does not give that database", reply->str, remedies[connection->url->where].database);
}

/* Sentinels may lag behind, or speak of a master that just comes back as a replica. */
static void on_role(redisAsyncContext *context, void *answer, void *unused)
{
    const redisReply *reply = answer;
    struct releve_connection *connection = releve_dial_owner(context, reply);
    struct releve_error error;
    (void)unused;
    if (connection == NULL || (reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "NOAUTH", 6) == 0))
        return;
    if (reply->type == REDIS_REPLY_ERROR) {
        refuse(connection, "does not say whether it is the master", reply->str, "allow its user +role");
        return;
    }
    bool knows =
        reply->type == REDIS_REPLY_ARRAY && reply->elements > 0 && reply->element[0]->type == REDIS_REPLY_STRING;
    const char *role = knows ? reply->element[0]->str : "something else";
    if (strcmp(role, "master") == 0)
        return;
    (void)releve_fail(&error, RELEVE_E_REDIS,
                      "Redis at %s is no master: ROLE says %.40s; wait for the failover, or see to its sentinels",
                      place(connection), role);
    lose(connection, &error, may_fail_over(connection));
}

/* Whoever may not ask these two learns nothing, and that is no reason not to work. */
static void on_info(redisAsyncContext *context, void *answer, void *unused)
{
    const redisReply *reply = answer;
    struct releve_connection *connection = releve_dial_owner(context, reply);
    (void)unused;
    if (connection != NULL && reply->type == REDIS_REPLY_STRING)
        connection->no_append_only_file = strstr(reply->str, "aof_enabled:0") != NULL;
}

/* Which server judges the ledger. Its address will not do: two workers may write that of one server in two ways. A
 * server that is restarted has another run_id, and may have another clock as well. */
static void read_run_id(struct releve_connection *connection, const redisReply *reply)
{
    static const char field[] = "run_id:";
    const char *found = reply->type == REDIS_REPLY_STRING ? strstr(reply->str, field) : NULL;
    if (found == NULL || strcspn(found + sizeof field - 1, "\r\n") != RELEVE_RUN_ID_BYTES - 1) {
        refuse(connection, "does not say which server it is (INFO server)",
               reply->type == REDIS_REPLY_ERROR ? reply->str : "no run_id of 40 characters",
               "let its user do INFO, or name it with replicas=0 in RELEVE_REDIS");
        return;
    }
    memcpy(connection->run_id, found + sizeof field - 1, RELEVE_RUN_ID_BYTES - 1);
}

static void on_masters(redisAsyncContext *context, void *answer, void *unused);

/* Whether a node of a cluster can be used like a single Redis is asked of it only: the others count it as an error. */
static void on_server(redisAsyncContext *context, void *answer, void *unused)
{
    const redisReply *reply = answer;
    struct releve_connection *connection = releve_dial_owner(context, reply);
    (void)unused;
    if (connection == NULL || (reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "NOAUTH", 6) == 0))
        return; /* PING says it better */
    enum releve_server server = releve_server_read(reply);
    if (is_refused_as(connection, server, 0))
        return;
    bool is_for_one = connection->url->where == RELEVE_REDIS_TCP || connection->url->where == RELEVE_REDIS_UNIX;
    if (server == RELEVE_SERVER_NODE && is_for_one && !connection->url->any_server) {
        connection->counts_masters = true;
        (void)redisAsyncCommand(context, on_masters, NULL, "CLUSTER INFO");
    }
    if (connection->url->replicas > 0)
        read_run_id(connection, reply);
}

/* A node of another cluster would take what is written, and nobody would find it there. Whoever may not ask goes on. */
static void on_node_id(redisAsyncContext *context, void *answer, void *unused)
{
    const redisReply *reply = answer;
    struct releve_connection *connection = releve_dial_owner(context, reply);
    (void)unused;
    if (connection != NULL && connection->node_id[0] != '\0' && reply->type == REDIS_REPLY_STRING &&
        strcmp(reply->str, connection->node_id) != 0)
        refuse(connection, "is another node than its cluster has at that address", reply->str,
               "start the one that belongs there, or wait until the others know this one");
}

static void on_save_points(redisAsyncContext *context, void *answer, void *unused)
{
    const redisReply *reply = answer;
    struct releve_connection *connection = releve_dial_owner(context, reply);
    (void)unused;
    if (connection != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
        reply->element[1]->type == REDIS_REPLY_STRING)
        connection->no_save_points = reply->element[1]->len == 0;
}

static void on_ping(redisAsyncContext *context, void *answer, void *unused);

static void on_ping_again(uv_timer_t *timer)
{
    struct releve_connection *connection = timer->data;
    (void)redisAsyncCommand(connection->dial.context, on_ping, NULL, "PING");
    releve_dial_wait(&connection->dial);
}

/* It comes behind the reply to PING, which waits for it. A user that may not ask learns it from the first refusal. */
static void on_masters(redisAsyncContext *context, void *answer, void *unused)
{
    const redisReply *reply = answer;
    struct releve_connection *connection = releve_dial_owner(context, reply);
    (void)unused;
    if (connection == NULL)
        return;
    connection->counts_masters = false;
    if (!is_refused_as(connection, RELEVE_SERVER_NODE, releve_server_read_masters(reply)))
        on_ping_again(&connection->attempt_timer);
}

static void on_loading(struct releve_connection *connection, const char *came_back)
{
    releve_time now_ms = (releve_time)uv_now(connection->loop);
    if (connection->loading_since_ms == RELEVE_TIME_NEVER)
        connection->loading_since_ms = now_ms;
    if (now_ms - connection->loading_since_ms > RELEVE_LOADING_MAX_MS) {
        refuse(connection, "is still loading its data after 60 s", came_back, "wait for it, then try again");
        return;
    }
    releve_dial_pause(&connection->dial);
    start(&connection->attempt_timer, on_ping_again, RELEVE_LOADING_PING_MS);
}

static void plan_check(struct releve_connection *connection);

static void on_ping(redisAsyncContext *context, void *answer, void *unused)
{
    const redisReply *reply = answer;
    struct releve_connection *connection = releve_dial_owner(context, reply);
    (void)unused;
    if (connection == NULL || connection->counts_masters)
        return;
    if (reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "LOADING", 7) == 0) {
        on_loading(connection, reply->str);
        return;
    }
    if (reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "NOAUTH", 6) == 0) {
        refuse(connection, "wants a password", reply->str, remedies[connection->url->where].password);
        return;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        refuse(connection, "refuses to work", reply->str, "see to that Redis, or name another in RELEVE_REDIS");
        return;
    }
    if (reply->type != REDIS_REPLY_STATUS || strcmp(reply->str, "PONG") != 0) {
        refuse(connection, "did not answer PING with PONG", "something else",
               "is RELEVE_REDIS the address of a Redis?");
        return;
    }
    releve_dial_answered(&connection->dial);
    connection->state = RELEVE_CONNECTION_UP;
    connection->been_up = true;
    connection->delay_ms = RELEVE_RECONNECT_FIRST_MS;
    if (connection->url->where == RELEVE_REDIS_SENTINEL) {
        connection->check_sentinel = connection->first_sentinel + 1;
        plan_check(connection);
    }
    connection->events.up(connection->data);
}

/* Sent as soon as the socket takes it, in this order; the first refusal ends the attempt. */
static void send_handshake(redisAsyncContext *context, const struct releve_connection *connection)
{
    const struct releve_redis_url *url = connection->url;
    if (url->password[0] != '\0' && url->user[0] != '\0')
        (void)redisAsyncCommand(context, on_auth, NULL, "AUTH %s %s", url->user, url->password);
    else if (url->password[0] != '\0')
        (void)redisAsyncCommand(context, on_auth, NULL, "AUTH %s", url->password);
    (void)redisAsyncCommand(context, on_server, NULL, "INFO server");
    if (connection->node_id != NULL && connection->node_id[0] != '\0')
        (void)redisAsyncCommand(context, on_node_id, NULL, "CLUSTER MYID");
    if (url->db != 0)
        (void)redisAsyncCommand(context, on_select, NULL, "SELECT %d", url->db);
    if (url->where == RELEVE_REDIS_SENTINEL)
        (void)redisAsyncCommand(context, on_role, NULL, "ROLE");
    (void)redisAsyncCommand(context, on_info, NULL, "INFO persistence");
    (void)redisAsyncCommand(context, on_save_points, NULL, "CONFIG GET save");
    (void)redisAsyncCommand(context, on_ping, NULL, "PING");
}

static void on_opened(void *data, redisAsyncContext *context)
{
    struct releve_connection *connection = data;
    (void)uv_timer_stop(&connection->attempt_timer); /* a PING for the former address */
    connection->loading_since_ms = RELEVE_TIME_NEVER;
    connection->no_append_only_file = connection->no_save_points = connection->counts_masters = false;
    memset(connection->run_id, 0, sizeof connection->run_id);
    send_handshake(context, connection);
}

/* --- an attempt ----------------------------------------------------------------------------------- */

static void on_master(void *data, const struct releve_redis_seed *master, size_t sentinel,
                      const struct releve_error *why)
{
    struct releve_connection *connection = data;
    const struct releve_redis_url *url = connection->url;
    char at[RELEVE_REDIS_SEED_TEXT], by[RELEVE_REDIS_SEED_TEXT];
    struct releve_error error;
    connection->sentinels = NULL;
    if (master == NULL) {
        (void)releve_fail(&error, why->code,
                          "no sentinel of %s says where the master is (%.320s); correct RELEVE_REDIS%s", url->address,
                          why->text, why->code == RELEVE_E_CONFIG ? "" : ", or start them");
        lose(connection, &error, false);
        return;
    }
    connection->first_sentinel = sentinel;
    connection->master = *master;
    (void)snprintf(connection->place, sizeof connection->place, "%s (%s, says sentinel %s)",
                   releve_redis_seed_format(master, at), url->master,
                   releve_redis_seed_format(&url->seeds[sentinel], by));
    releve_dial_host(&connection->dial, connection->master.host, master->port, connection->timeout_ms,
                     patience_ms(connection));
}

static void on_attempt(uv_timer_t *timer)
{
    struct releve_connection *connection = timer->data;
    if (connection->choose != NULL)
        connection->choose(connection->choose_data, connection->chosen);
    const struct releve_redis_url *url = connection->url;
    assert(connection->sentinels == NULL);
    connection->state = RELEVE_CONNECTION_CONNECTING;
    if (url->where == RELEVE_REDIS_SENTINEL)
        connection->sentinels = releve_sentinels_ask(connection->loop, url, connection->first_sentinel,
                                                     connection->timeout_ms, on_master, connection);
    else if (url->where == RELEVE_REDIS_UNIX)
        releve_dial_socket(&connection->dial, url->path, patience_ms(connection));
    else
        releve_dial_host(&connection->dial, url->host, url->port, connection->timeout_ms, patience_ms(connection));
}

/* --- is it still the master? --------------------------------------------------------------------- */

static void on_checked(void *data, const struct releve_redis_seed *master, size_t sentinel,
                       const struct releve_error *why);

static void on_check(uv_timer_t *timer)
{
    struct releve_connection *connection = timer->data;
    assert(connection->state == RELEVE_CONNECTION_UP && connection->sentinels == NULL);
    connection->sentinels = releve_sentinels_ask(connection->loop, connection->url, connection->check_sentinel,
                                                 connection->timeout_ms, on_checked, connection);
}

static void plan_check(struct releve_connection *connection)
{
    connection->denials = 0;
    start(&connection->attempt_timer, on_check, connection->check_ms);
}

/* Most of them, as the one that is cut off with the old master still names that. Of two, either may be right. */
static size_t denials_wanted(const struct releve_redis_url *url)
{
    return url->seeds_count > 2 ? url->seeds_count / 2 + 1 : 1;
}

/* Where none answers, the connection is good as long as it stands. */
static void on_checked(void *data, const struct releve_redis_seed *master, size_t sentinel,
                       const struct releve_error *why)
{
    struct releve_connection *connection = data;
    char at[RELEVE_REDIS_SEED_TEXT], said[RELEVE_REDIS_SEED_TEXT + 64];
    (void)why;
    connection->sentinels = NULL;
    connection->check_sentinel = sentinel + 1;
    if (master == NULL ||
        (master->port == connection->master.port && strcmp(master->host, connection->master.host) == 0)) {
        plan_check(connection);
        return;
    }
    if (connection->denials > 0 && sentinel == connection->first_denial) {
        plan_check(connection); /* all that answer have been asked: too few say so */
        return;
    }
    if (connection->denials == 0)
        connection->first_denial = sentinel;
    if (++connection->denials < denials_wanted(connection->url)) {
        start(&connection->attempt_timer, on_check, 0);
        return;
    }
    connection->first_sentinel = sentinel;
    (void)snprintf(said, sizeof said, "another one is the master now, %s", releve_redis_seed_format(master, at));
    on_lost(connection, said);
}

/* --- the life ------------------------------------------------------------------------------------ */

/* hiredis writes without MSG_NOSIGNAL: a Redis that goes away would end the process. Whoever has a handler of his own
 * keeps it, as it does not end the process either. */
static void survive_broken_pipes(void)
{
    struct sigaction now;
    if (sigaction(SIGPIPE, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_DFL)
        (void)signal(SIGPIPE, SIG_IGN);
}

void releve_connection_open(struct releve_connection *connection, uv_loop_t *loop, const struct releve_redis_url *url,
                            bool patient, const struct releve_connection_events *events, void *data)
{
    assert(url->where != RELEVE_REDIS_EMBEDDED);
    memset(connection, 0, sizeof *connection);
    connection->loop = loop;
    connection->url = url;
    connection->events = *events;
    connection->data = data;
    connection->patient = patient;
    connection->state = RELEVE_CONNECTION_WAITING;
    connection->opened_ms = (releve_time)uv_now(loop);
    connection->timeout_ms = RELEVE_COMMAND_TIMEOUT_MS;
    connection->delay_ms = RELEVE_RECONNECT_FIRST_MS;
    connection->check_ms = RELEVE_MASTER_CHECK_MS;
    survive_broken_pipes();
    static const struct releve_dial_events dial_events = {on_opened, on_unresolved, on_lost};
    releve_dial_init(&connection->dial, loop, &dial_events, connection);
    (void)uv_timer_init(loop, &connection->attempt_timer); /* cannot fail */
    connection->attempt_timer.data = connection;
    connection->closing = (struct releve_closing){2, events->closed, data};
    start(&connection->attempt_timer, on_attempt, 0);
}

void releve_connection_drop(struct releve_connection *connection, const char *why)
{
    if (connection->state == RELEVE_CONNECTION_UP)
        on_lost(connection, why);
}

void releve_connection_hold(struct releve_connection *connection)
{
    assert(connection->state == RELEVE_CONNECTION_WAITING && !connection->been_up);
    (void)uv_timer_stop(&connection->attempt_timer);
}

void releve_connection_fail(struct releve_connection *connection, const struct releve_error *error)
{
    assert(connection->state == RELEVE_CONNECTION_WAITING && !connection->been_up);
    cut(connection);
    connection->state = RELEVE_CONNECTION_FAILED;
    connection->events.failed(connection->data, error);
}

static void on_dial_closed(void *data)
{
    struct releve_connection *connection = data;
    releve_closing_one(&connection->closing);
}

static void on_timer_closed(uv_handle_t *handle)
{
    on_dial_closed(handle->data);
}

void releve_connection_close(struct releve_connection *connection)
{
    assert(connection->state != RELEVE_CONNECTION_CLOSING);
    cut(connection);
    connection->state = RELEVE_CONNECTION_CLOSING;
    uv_close((uv_handle_t *)&connection->attempt_timer, on_timer_closed);
    releve_dial_close(&connection->dial, on_dial_closed);
}
