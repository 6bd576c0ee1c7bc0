/* See password.h. The hash is checked on a thread of libuv's pool; everything else on the loop. */
#include "password.h"
#include <assert.h>
#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <releve/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct waiting {
    char given[RELEVE_PASSWORD_BYTES];
    void (*done)(void *data, enum releve_password_answer answer);
    void *data;
};

struct releve_password {
    char hash[RELEVE_PASSWORD_HASH_BYTES];
    char right[RELEVE_PASSWORD_BYTES]; /* that was checked and is it; "" before */
    struct waiting waiting[RELEVE_PASSWORD_QUEUE_MAX];
    size_t waiting_count;
    uv_loop_t *loop;
    uv_timer_t timer; /* runs while nobody is checked, after a wrong one */
    bool timer_closed;

    /* The check that is under way. The thread reads `hash` and `tried`, and writes `is_right`. */
    bool checking, closing;
    char tried[RELEVE_PASSWORD_BYTES];
    bool is_right;
    uv_work_t work;
};

/* --- the file ----------------------------------------------------------------------------------------------------- */

static enum releve_code read_line(int file, const char *path, char *line, size_t line_bytes, struct releve_error *error)
{
    struct stat about;
    ssize_t bytes = read(file, line, line_bytes - 1);
    if (bytes < 0 || fstat(file, &about) != 0)
        return releve_fail(error, RELEVE_E_CONFIG, "--password-file %.200s: %s", path, strerror(errno));
    line[bytes] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0 && S_ISREG(about.st_mode))
        return releve_fail(error, RELEVE_E_CONFIG, "--password-file %.200s: others may read it: chmod 600", path);
    return RELEVE_OK;
}

/* crypt_checksalt looks at the method only; of a whole hash every other one has the length. */
static bool is_hash(const char *text)
{
    struct crypt_data *data = releve_alloc(1, sizeof *data);
    bool current = text[0] == '$' && crypt_checksalt(text) == CRYPT_SALT_OK;
    const char *other = current ? crypt_r("", text, data) : NULL;
    bool whole = other != NULL && other[0] == '$' && strlen(other) == strlen(text);
    free(data);
    return whole;
}

enum releve_code releve_password_read(const char *path, char hash[RELEVE_PASSWORD_HASH_BYTES],
                                      struct releve_error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return releve_fail(error, RELEVE_E_CONFIG, "--password-file %.200s: %s", path, strerror(errno));
    enum releve_code code = read_line(file, path, hash, RELEVE_PASSWORD_HASH_BYTES, error);
    (void)close(file);
    if (code == RELEVE_OK && !is_hash(hash))
        code = releve_fail(error, RELEVE_E_CONFIG,
                           "--password-file %.200s: its first line is no hash: mkpasswd -m yescrypt makes one", path);
    return code;
}

/* --- a check ----------------------------------------------------------------------------------------------------- */

/* In a time that does not tell where they differ. */
static bool are_equal(const char *a, const char *b, size_t bytes)
{
    unsigned char difference = 0;
    for (size_t i = 0; i < bytes; i++)
        difference |= (unsigned char)(a[i] ^ b[i]);
    return difference == 0;
}

/* On a thread of the pool. */
static void check(uv_work_t *work)
{
    struct releve_password *password = work->data;
    struct crypt_data *data = calloc(1, sizeof *data);
    const char *found = data != NULL ? crypt_r(password->tried, password->hash, data) : NULL;
    size_t bytes = strlen(password->hash);
    password->is_right = found != NULL && strlen(found) == bytes && are_equal(found, password->hash, bytes);
    if (data != NULL)
        explicit_bzero(data, sizeof *data);
    free(data);
}

static void check_next(struct releve_password *password);

static void free_when_over(struct releve_password *password)
{
    if (!password->closing || password->checking || !password->timer_closed)
        return;
    explicit_bzero(password, sizeof *password);
    free(password);
}

static struct waiting take_first(struct releve_password *password)
{
    struct waiting first = password->waiting[0];
    password->waiting_count--;
    memmove(password->waiting, password->waiting + 1, password->waiting_count * sizeof *password->waiting);
    return first;
}

static void on_timer(uv_timer_t *timer)
{
    check_next(timer->data);
}

static void on_checked(uv_work_t *work, int status)
{
    struct releve_password *password = work->data;
    (void)status; /* it is never cancelled */
    password->checking = false;
    if (password->closing) {
        free_when_over(password);
        return;
    }
    if (password->is_right)
        memcpy(password->right, password->tried, sizeof password->right);
    explicit_bzero(password->tried, sizeof password->tried);
    struct waiting first = take_first(password);
    explicit_bzero(first.given, sizeof first.given);
    if (!password->is_right)
        uv_timer_start(&password->timer, on_timer, RELEVE_PASSWORD_WRONG_MS, 0);
    first.done(first.data, password->is_right ? RELEVE_PASSWORD_RIGHT : RELEVE_PASSWORD_WRONG);
    check_next(password);
}

/* Who gives what is known to be right meanwhile needs no check. */
static void check_next(struct releve_password *password)
{
    while (password->waiting_count > 0 && !password->checking && !password->closing) {
        struct waiting *first = &password->waiting[0];
        if (password->right[0] != '\0' && are_equal(first->given, password->right, sizeof first->given)) {
            struct waiting known = take_first(password);
            known.done(known.data, RELEVE_PASSWORD_RIGHT);
            continue;
        }
        if (uv_is_active((uv_handle_t *)&password->timer))
            return;
        memcpy(password->tried, first->given, sizeof password->tried);
        password->checking = true;
        password->work.data = password;
        (void)uv_queue_work(password->loop, &password->work, check, on_checked);
    }
}

enum releve_password_answer releve_password_check(struct releve_password *password, const char *given,
                                                  void (*done)(void *data, enum releve_password_answer answer),
                                                  void *data)
{
    struct waiting waiting = {.done = done, .data = data};
    size_t length = strlen(given);
    if (length == 0 || length >= sizeof waiting.given)
        return RELEVE_PASSWORD_WRONG;
    memcpy(waiting.given, given, length);
    if (password->right[0] != '\0' && are_equal(waiting.given, password->right, sizeof waiting.given))
        return RELEVE_PASSWORD_RIGHT;
    if (password->waiting_count == RELEVE_PASSWORD_QUEUE_MAX)
        return RELEVE_PASSWORD_BUSY;
    password->waiting[password->waiting_count++] = waiting;
    explicit_bzero(&waiting, sizeof waiting);
    check_next(password);
    return RELEVE_PASSWORD_CHECKED;
}

/* --- life -------------------------------------------------------------------------------------------------------- */

struct releve_password *releve_password_open(uv_loop_t *loop, const char *hash)
{
    struct releve_password *password = releve_alloc(1, sizeof *password);
    *password = (struct releve_password){.loop = loop};
    assert(strlen(hash) < sizeof password->hash);
    (void)snprintf(password->hash, sizeof password->hash, "%s", hash);
    uv_timer_init(loop, &password->timer);
    password->timer.data = password;
    return password;
}

static void on_closed(uv_handle_t *handle)
{
    struct releve_password *password = handle->data;
    password->timer_closed = true;
    free_when_over(password);
}

void releve_password_close(struct releve_password *password)
{
    password->closing = true;
    while (password->waiting_count > 0) {
        struct waiting first = take_first(password);
        first.done(first.data, RELEVE_PASSWORD_WRONG);
    }
    uv_close((uv_handle_t *)&password->timer, on_closed);
}
