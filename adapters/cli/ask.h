/* A question to whoever sits at the terminal, before something is gone for good. */
#ifndef RELEVE_CLI_ASK_H
#define RELEVE_CLI_ASK_H

#include <stdbool.h>

/* There is a terminal to ask on. */
bool releve_ask_can(void);

/* True for "y" and "yes"; any other answer, and none, is no. */
bool releve_ask(const char *question);

#endif
