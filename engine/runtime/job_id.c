/* Ids of jobs that nobody gave one. */
#include "random.h"
#include <releve/runtime.h>

#define ID_BYTES 12 /* random: no two are ever alike */

void releve_job_id_new(char id[RELEVE_JOB_ID_BYTES])
{
    releve_random_hex(ID_BYTES, id);
}
