/* Ids of jobs that nobody gave one. */
#include <releve/runtime.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define ID_BYTES 12 /* random: no two are ever alike */

void releve_job_id_new(char id[RELEVE_JOB_ID_BYTES])
{
    unsigned char bytes[ID_BYTES];
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        abort(); /* so few come at once wherever Linux runs */
    for (size_t i = 0; i < sizeof bytes; i++)
        (void)snprintf(id + 2 * i, 3, "%02x", bytes[i]);
}
