/* The registers of a meter over some days, as a body of Enedis's has them: register by register, where days are kept
 * one by one. For conso_body.c only. */
#ifndef RELEVE_WEB_CONSO_REGISTERS_H
#define RELEVE_WEB_CONSO_REGISTERS_H

#include <releve/reading.h>
#include <releve/text.h>

#define RELEVE_CONSO_REGISTERS_MAX 96 /* of a body: those of the meter, under the tariffs of three years */

struct releve_conso_registers;

struct releve_conso_registers *releve_conso_registers_open(void);

/* `at` is what a clock in Paris showed when they were read. Returns how many values were added. */
size_t releve_conso_registers_add(struct releve_conso_registers *registers, const struct releve_reading *reading,
                                  const char *at);

/* "calendrier":[...],"cadranTotalisateur":{...} */
void releve_conso_registers_write(struct releve_text *out, const struct releve_conso_registers *registers);

void releve_conso_registers_close(struct releve_conso_registers *registers);

#endif
