/* Scripts, and a Redis that does not know them. Each goes ahead of the first command of it over every connection,
 * without a round trip: if it were sent only when Redis has refused a command, that command would come behind what was
 * given after it. SCRIPT LOAD and not EVAL, which a node of a cluster may refuse on account of its keys, and which
 * Redis forgets sooner.
 *
 * Somebody may make Redis forget it all the same (SCRIPT FLUSH). Then nothing more is sent until all that is under way
 * is answered. The first command that was refused goes alone, behind its script, and the others when that is answered:
 * so the order holds however often it happens. */
#include <adapters/redis/commands_internal.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define SCRIPT_TRIES 4 /* of a command with its script right in front of it, before Redis is taken to refuse that */

static size_t find(const struct releve_commands *commands, const struct releve_script *script)
{
    size_t i = 0;
    while (i < commands->taught_count && commands->taught[i] != script)
        i++;
    return i;
}

static bool wants_teaching(const struct releve_commands *commands, const struct releve_command *command)
{
    return command->script != NULL && find(commands, command->script) == commands->taught_count;
}

void releve_command_forget_script(struct releve_command *command)
{
    command->script_tries = 0;
    command->script_refused = false;
}

void releve_command_teach(struct releve_command *command)
{
    struct releve_commands *commands = command->commands;
    const struct releve_script *script = command->script;
    if (!wants_teaching(commands, command))
        return;
    if (commands->taught_count == RELEVE_TAUGHT_MAX)
        commands->taught_count = 0;
    commands->taught[commands->taught_count++] = script;
    command->script_tries++;
    /* Its reply says nothing: where it was refused, the command is. */
    (void)redisAsyncCommand(commands->connection.dial.context, NULL, NULL, "SCRIPT LOAD %b", script->text,
                            script->text_bytes);
}

bool releve_command_is_untaught(struct releve_command *command, const redisReply *reply)
{
    struct releve_commands *commands = command->commands;
    if (reply->type != REDIS_REPLY_ERROR || command->script == NULL || strncmp(reply->str, "NOSCRIPT", 8) != 0 ||
        command->script_tries == SCRIPT_TRIES)
        return false;
    command->script_refused = true;
    size_t at = find(commands, command->script);
    if (at < commands->taught_count)
        commands->taught[at] = commands->taught[--commands->taught_count];
    return true;
}

void releve_commands_teach_again(struct releve_commands *commands)
{
    struct releve_command *again = commands->untaught;
    if (again == NULL || commands->sent != NULL || commands->connection.state != RELEVE_CONNECTION_UP)
        return;
    DL_CONCAT(again, commands->waiting);
    commands->untaught = commands->waiting = NULL;
    releve_commands_sort(&again);
    for (bool alone = false; again != NULL && !(alone && commands->sent != NULL);) { /* it may be kept back instead */
        struct releve_command *command = releve_command_next(&again);
        alone = wants_teaching(commands, command);
        releve_command_transmit(commands, command);
    }
    commands->untaught = again;
}
