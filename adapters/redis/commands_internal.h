/* What commands.c, teach.c, acknowledge.c and diagnose.c share. Not for others. */
#ifndef RELEVE_REDIS_COMMANDS_INTERNAL_H
#define RELEVE_REDIS_COMMANDS_INTERNAL_H

#include <adapters/redis/commands.h>

struct releve_command {
    struct releve_command *prev, *next;
    struct releve_commands *commands; /* NULL: in none any more, while it is found out which key it was refused for */
    const char *what;
    uint64_t number; /* grows with each command: their order */
    const struct releve_script *script;
    int script_tries;    /* right behind the script */
    bool script_refused; /* this Redis did not know it, and has run the prelude */
    char *wire;          /* as hiredis formatted it; the same at every try */
    size_t wire_bytes;
    size_t run_id_at; /* where in the wire the run_id of whoever runs it belongs; 0: nowhere */
    char *prelude;    /* likewise: goes in front of the wire, and is not answered; NULL for none */
    size_t prelude_bytes;
    enum releve_replicas replicas; /* ANY where the address names none */
    redisReply *held;              /* what Redis said, while replicas are waited for */
    uint64_t written;              /* its number among those on this connection that want replicas; 0: none (waits.h) */
    releve_time sent_ms;           /* loop time */
    uint64_t sent_ns;
    releve_commands_reply reply;
    void *data;
    struct releve_error error; /* where doomed or refused */
    struct releve_route route;
};

/* --- commands.c ------------------------------------------------------------------------------------------ */

/* It is in no list and counted nowhere, and its callback hears of it in the next turn of the loop. */
void releve_command_doom(struct releve_command *command);
void releve_command_free(struct releve_command *command);
/* Gives a command to hiredis, at the end of `sent`; or keeps it back while replicas are away, or those before it are
 * without their script. */
void releve_command_transmit(struct releve_commands *commands, struct releve_command *command);
/* Of a command that is among those that were sent: its own reply, or that of the WAIT behind it. */
void releve_command_answer(struct releve_commands *commands, struct releve_command *command, const redisReply *reply);
void releve_commands_count_out(struct releve_commands *commands, struct releve_load load);
/* In the order in which they were given. */
void releve_commands_sort(struct releve_command **list);

/* --- teach.c --------------------------------------------------------------------------------------------- */

/* Another Redis is to be tried. */
void releve_command_forget_script(struct releve_command *command);
/* The script is sent over this connection, where it was not yet. */
void releve_command_teach(struct releve_command *command);
/* Redis does not know the script, although it was sent, and is worth another try. */
bool releve_command_is_untaught(struct releve_command *command, const redisReply *reply);
/* What is untaught is sent again, and what waits for it, when nothing else is under way. */
void releve_commands_teach_again(struct releve_commands *commands);

/* --- acknowledge.c --------------------------------------------------------------------------------------- */

/* Keeps a command back, or tells at once, while replicas are away and another one looks for them. */
bool releve_command_is_put_off(struct releve_commands *commands, struct releve_command *command);
/* WAIT, behind all that was sent and wants replicas; nothing where there is no such command, or where one is under way:
 * the next one is sent when that is answered. */
void releve_commands_wait(struct releve_commands *commands);
/* What Redis said is held until its replicas have it; an error is none that they need to have. */
bool releve_command_hold(struct releve_command *command, const redisReply *reply);
void releve_command_forget_wait(struct releve_command *command);
/* It says nothing of the replicas any more: if it looked for them, what was kept back is tried next. */
void releve_command_end_probe(struct releve_command *command);

/* --- diagnose.c ------------------------------------------------------------------------------------------ */

/* Asks which key is to blame; the refused command is answered, and freed, when that is known. */
void releve_command_diagnose(struct releve_command *refused);

#endif
