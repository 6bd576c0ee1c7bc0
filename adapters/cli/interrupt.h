/* Signals that end a command: which ones, how they are called, and what they do until the command itself listens. */
#ifndef RELEVE_CLI_INTERRUPT_H
#define RELEVE_CLI_INTERRUPT_H

#include "command.h"
#include <stdbool.h>

/* SIGINT, SIGTERM, SIGHUP. */
#define RELEVE_INTERRUPTS 3
extern const int releve_interrupts[RELEVE_INTERRUPTS];

/* "SIGINT" */
const char *releve_interrupt_name(int number);

/* Whether that signal is to end the program now: SIGHUP stays ignored where it was ignored from the start (nohup). A
 * shell that starts something in the background lets it ignore SIGINT too, but whoever sends one all the same means it.
 */
bool releve_interrupt_is_heeded(int number);

/* From now on such a signal ends the process at once, with the line and the exit code that the command ends with when
 * it is interrupted (`command` NULL: none is known yet). For main, first thing: a command that begins something puts
 * handlers of its own in the place of these. */
void releve_interrupt_at_once(const struct releve_command *command);

#endif
