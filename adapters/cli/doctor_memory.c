/* Has Redis room for what is to come, and does it evict nothing? By the INFO of one node: where there are several, each
 * is looked at for itself. */
#include "day_size.h"
#include "doctor.h"
#include <stdio.h>
#include <string.h>

#define FULL_PERCENT 80

double releve_doctor_memory_limit(const char *info)
{
    return releve_doctor_info_number(info, "maxmemory");
}

/* The keys of the ledger expire, so that volatile-* evicts them too. */
static void check_policy(struct doctor *doctor, const char *node, const char *info)
{
    char policy[DOCTOR_VALUE_BYTES];
    releve_doctor_info(info, "maxmemory_policy", policy);
    if (strcmp(policy, "noeviction") == 0)
        OK(doctor, "Redis", "%sevicts nothing (maxmemory-policy noeviction)", node);
    else
        BAD(doctor, RELEVE_E_REDIS, "Redis",
            "%smaxmemory-policy is %.40s: it may evict days, jobs and the ledger, and the quota is exceeded then: "
            "CONFIG SET maxmemory-policy noeviction, and the same in redis.conf",
            node, policy);
}

void releve_doctor_memory(struct doctor *doctor, const char *node, const char *info, size_t points)
{
    char used_text[RELEVE_DAY_SIZE_TEXT], limit_text[RELEVE_DAY_SIZE_TEXT], year_text[RELEVE_DAY_SIZE_TEXT];
    double limit = releve_doctor_memory_limit(info), used = releve_doctor_info_number(info, "used_memory");
    uint64_t year = points * releve_day_size_year(&doctor->config.keep);
    releve_day_size_format((uint64_t)used, used_text);
    releve_day_size_format((uint64_t)limit, limit_text);
    releve_day_size_format(year, year_text);
    if (limit == 0) {
        OK(doctor, "Redis", "%sevicts nothing (it has no maxmemory); it uses %s", node, used_text);
        return;
    }
    check_policy(doctor, node, info);
    if (used * 100 > limit * FULL_PERCENT)
        DOUBTFUL(doctor, "Redis",
                 "%s%.0f %% of its maxmemory is used (%s of %s): behind it all writes are refused: raise maxmemory",
                 node, used * 100 / limit, used_text, limit_text);
    else if (used + (double)year > limit)
        DOUBTFUL(
            doctor, "Redis",
            "%s%s of %s of its maxmemory is used, and a year more of the %zu usage points that it knows takes some "
            "%s (consumption, with a load curve of PT30M): raise maxmemory, or let days expire (RELEVE_KEEP)",
            node, used_text, limit_text, points, year_text);
    else
        OK(doctor, "Redis",
           "%suses %s of %s of its maxmemory; a year more of the %zu usage points that it knows takes %s", node,
           used_text, limit_text, points, year_text);
}
