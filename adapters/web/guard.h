/* Who may ask, and how: judged by the headers alone, before anything is done. */
#ifndef RELEVE_WEB_GUARD_H
#define RELEVE_WEB_GUARD_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

struct releve_guard_refusal {
    unsigned status;
    const char *text; /* a sentence */
};

/* NULL where nothing speaks against it. `hosts` are the names that it may be asked by, besides those of loopback: a
 * page elsewhere that has its own name lead here (DNS rebinding) is told apart by the name. `is_page`: it leads to what
 * a person may follow a link to. */
const struct releve_guard_refusal *releve_guard_refuse(struct MHD_Connection *connection, const char *method,
                                                       bool is_page, const char *const *hosts, size_t hosts_count);

#endif
