/* The Enedis simulator as a command: `releve sandbox`. For people without credentials, and for every test. */
#ifndef RELEVE_SANDBOX_SANDBOX_H
#define RELEVE_SANDBOX_SANDBOX_H

/* Runs the command: argv[0] is "sandbox", the rest are its flags. Prints one line to stdout once it
 * listens, serves until SIGINT or SIGTERM. Returns the process exit code: 0, or 2 for wrong usage, an
 * address in use included (one line on stderr), or 1 where the machine refuses memory or handles. */
int releve_sandbox_main(int argc, char **argv);

#endif
