/* When a day of a usage point appears, and when it is complete: a pure function of the settings, of (seed, PRM, kind,
 * day) and of today. */
#ifndef RELEVE_SANDBOX_PUBLICATION_H
#define RELEVE_SANDBOX_PUBLICATION_H

#include "points.h"

enum sandbox_presence { SANDBOX_ABSENT, SANDBOX_HALF, SANDBOX_THERE };

/* How much of `day` there is when days before `published_end` are published as usual. `own`: what is special about that
 * usage point. Only a load curve is ever half there. */
enum sandbox_presence sandbox_publication(const struct sandbox_settings *settings, const struct sandbox_point *own,
                                          releve_prm prm, enum releve_kind kind, releve_day day,
                                          releve_day published_end);

#endif
