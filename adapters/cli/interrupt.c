/* See interrupt.h. The handler may call little: what signal-safety(7) allows. */
#include "interrupt.h"
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES 256

const int releve_interrupts[RELEVE_INTERRUPTS] = {SIGINT, SIGTERM, SIGHUP};

static const struct releve_command *ended;

const char *releve_interrupt_name(int number)
{
    return number == SIGINT ? "SIGINT" : number == SIGTERM ? "SIGTERM" : "SIGHUP";
}

bool releve_interrupt_is_heeded(int number)
{
    struct sigaction now;
    return number != SIGHUP || sigaction(number, NULL, &now) != 0 || now.sa_handler != SIG_IGN;
}

static char *add(char *at, const char *end, const char *text)
{
    size_t bytes = strnlen(text, (size_t)(end - at));
    memcpy(at, text, bytes);
    return at + bytes;
}

static void on_signal(int number)
{
    char line[LINE_BYTES];
    const char *end = line + sizeof line - 1;
    char *at = add(line, end, "releve: interrupted by ");
    at = add(at, end, releve_interrupt_name(number));
    if (ended != NULL && ended->interrupted != NULL)
        at = add(at, end, ended->interrupted);
    *at++ = '\n';
    if (write(STDERR_FILENO, line, (size_t)(at - line)) < 0) {
        /* Then nobody hears it; the exit code remains. */
    }
    _exit(ended != NULL && ended->ends_by_signal ? 0 : releve_code_exit(RELEVE_E_INTERRUPTED));
}

void releve_interrupt_at_once(const struct releve_command *command)
{
    struct sigaction action = {.sa_handler = on_signal};
    ended = command;
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < RELEVE_INTERRUPTS; i++)
        if (releve_interrupt_is_heeded(releve_interrupts[i]))
            (void)sigaction(releve_interrupts[i], &action, NULL);
}
