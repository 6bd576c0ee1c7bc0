/* Which upstream is meant: a base URL in its one normal form, and the word that is kept in Redis for it, so that the
 * days of two upstreams are never mixed. */
#ifndef RELEVE_RUNTIME_UPSTREAM_H
#define RELEVE_RUNTIME_UPSTREAM_H

#include <releve/error.h>
#include <releve/runtime.h>
#include <stdbool.h>

#define RELEVE_UPSTREAM_FORM                                                                                       \
    "production, sandbox (Enedis's own), conso or a base URL (http:// or https://, host, port, path; no user, no " \
    "query)"

/* The client id at the gateway for private persons: all that is sent there counts in one quota. */
#define RELEVE_UPSTREAM_CONSO_CLIENT "conso"

/* Reads a name ("production", "sandbox") or a base URL into the normal form of the URL: scheme and host in lower case,
 * no default port, no slash at the end. Addresses that might be different machines stay different: localhost is not
 * 127.0.0.1. False where it is neither, holds a user (and so perhaps a password) or is too long. */
bool releve_upstream_parse(const char *text, char url[RELEVE_UPSTREAM_BYTES]);

/* What is kept and shown of a URL in normal form: its name, or itself. */
const char *releve_upstream_name(const char *url);

/* What is shown of a word from Redis, which anybody may have written: the name or URL in it, in normal form; NULL where
 * it is none. `url` is the room for it. */
const char *releve_upstream_known(const char *bound, char url[RELEVE_UPSTREAM_BYTES]);

/* RELEVE_OK where data from `bound` (NULL: none yet) may be mixed with that of `url` (in normal form); else
 * RELEVE_E_CONFIG and what to do. */
enum releve_code releve_upstream_check(const char *url, const char *bound, struct releve_error *error);

/* A token that is given: a JWT, so letters, digits and what base64url has, in three parts; shorter than
 * RELEVE_TOKEN_BYTES. Nothing else may get into a header. */
bool releve_upstream_token_is_legal(const char *token);

/* Does what is sent there cross a network where others can read it: neither TLS nor this machine? */
bool releve_upstream_is_clear(const char *url);

#endif
