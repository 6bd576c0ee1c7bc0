/* The password that people and programs give to ask (HTTP Basic, RFC 7617): one, for any name, kept as a hash.
 *
 * A hash is slow to check on purpose, so it is checked beside the loop, one at a time, and what was right once is right
 * again without it. Who guesses waits: a wrong one makes the next check wait. */
#ifndef RELEVE_WEB_PASSWORD_H
#define RELEVE_WEB_PASSWORD_H

#include <releve/error.h>
#include <stdbool.h>
#include <uv.h>

#define RELEVE_PASSWORD_HASH_BYTES 384 /* longest hash, NUL included: CRYPT_OUTPUT_SIZE */
#define RELEVE_PASSWORD_BYTES 256      /* longest password, NUL included */
#define RELEVE_PASSWORD_QUEUE_MAX 16   /* that wait to be checked; beyond it they are told to come again */
#define RELEVE_PASSWORD_WRONG_MS 1000  /* after a wrong one nobody is checked for so long */

struct releve_password;

/* Reads the hash from the first line of a file, in a form that crypt(5) knows and does not call outdated: "$y$..."
 * (yescrypt), "$2b$..." (bcrypt), "$6$..." (SHA-512), ... Errors: RELEVE_E_CONFIG, with what to do: it cannot be read,
 * others may read it, it has no such hash. */
enum releve_code releve_password_read(const char *path, char hash[RELEVE_PASSWORD_HASH_BYTES],
                                      struct releve_error *error);

/* `hash` is copied. */
struct releve_password *releve_password_open(uv_loop_t *loop, const char *hash);

enum releve_password_answer {
    RELEVE_PASSWORD_RIGHT,
    RELEVE_PASSWORD_WRONG,
    RELEVE_PASSWORD_BUSY,   /* too many wait already */
    RELEVE_PASSWORD_CHECKED /* `done` is called, later and once, with RIGHT or WRONG */
};

/* `password` has at most RELEVE_PASSWORD_BYTES - 1 characters (a longer one is WRONG). */
enum releve_password_answer releve_password_check(struct releve_password *password, const char *given,
                                                  void (*done)(void *data, enum releve_password_answer answer),
                                                  void *data);

/* Who waits is answered WRONG at once; the memory goes later. */
void releve_password_close(struct releve_password *password);

#endif
