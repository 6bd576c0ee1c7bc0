/* The file of tokens: what it lets in, what it refuses, and that a wrong one changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <adapters/web/tokens.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PRM ((releve_prm)10000000000018)
#define OTHER_PRM ((releve_prm)10000000000026)
#define THIRD_PRM ((releve_prm)10000000000034)
#define PATH_BYTES 64

struct file {
    char path[PATH_BYTES];
    struct releve_text said; /* a line each */
};

static void say(void *data, const char *line)
{
    struct file *file = data;
    releve_text_puts(&file->said, line);
    releve_text_byte(&file->said, '\n');
}

static void write_file(const struct file *file, const char *text, size_t bytes)
{
    FILE *out = fopen(file->path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, bytes, out), bytes);
    assert_int_equal(fclose(out), 0);
}

static void rewrite(const struct file *file, const char *text)
{
    write_file(file, text, strlen(text));
}

static int set_up(void **state)
{
    struct file *file = calloc(1, sizeof *file);
    (void)snprintf(file->path, sizeof file->path, "/tmp/releve-tokens.XXXXXX");
    int made = mkstemp(file->path); /* 0600 */
    *state = file;
    return made >= 0 ? close(made) : -1;
}

static int tear_down(void **state)
{
    struct file *file = *state;
    (void)unlink(file->path);
    releve_text_free(&file->said);
    free(file);
    return 0;
}

/* The line of a token, with its end. */
static void add_line(struct releve_text *text, const char *token, const releve_prm *prms, size_t count)
{
    releve_tokens_write_line(text, token, prms, count);
    releve_text_byte(text, '\n');
}

static struct releve_tokens *open_good(struct file *file, const char *text)
{
    struct releve_tokens *tokens;
    struct releve_error error = {0};
    rewrite(file, text);
    if (releve_tokens_open(&tokens, file->path, say, file, &error) != RELEVE_OK)
        fail_msg("%s", error.text);
    assert_int_equal(file->said.length, 0);
    return tokens;
}

/* What is said of a wrong file: a line for each of its lines, and the error. */
static const char *said_of(struct file *file, const char *text, size_t bytes, struct releve_error *error)
{
    struct releve_tokens *tokens = (struct releve_tokens *)file;
    write_file(file, text, bytes);
    file->said.length = 0;
    assert_int_equal(releve_tokens_open(&tokens, file->path, say, file, error), RELEVE_E_CONFIG);
    assert_null(tokens);
    releve_text_byte(&file->said, '\0');
    return file->said.bytes;
}

static char *two_tokens(void)
{
    struct releve_text text = {.length = 0};
    releve_text_puts(&text, "# whose they are\n\n");
    add_line(&text, "one.token.here", (releve_prm[]){PRM, OTHER_PRM}, 2);
    releve_tokens_write_line(&text, "another.token", (releve_prm[]){THIRD_PRM}, 1);
    releve_text_puts(&text, "\t # of the third\r\n");
    releve_text_byte(&text, '\0');
    return text.bytes;
}

static void test_a_token_is_right_for_its_usage_points_only(void **state)
{
    char *text = two_tokens();
    struct releve_tokens *tokens = open_good(*state, text);
    assert_int_equal(releve_tokens_count(tokens), 2);
    assert_int_equal(releve_tokens_judge(tokens, "Bearer one.token.here", PRM), RELEVE_TOKENS_RIGHT);
    assert_int_equal(releve_tokens_judge(tokens, "Bearer one.token.here", OTHER_PRM), RELEVE_TOKENS_RIGHT);
    assert_int_equal(releve_tokens_judge(tokens, "Bearer one.token.here", THIRD_PRM), RELEVE_TOKENS_OTHER);
    assert_int_equal(releve_tokens_judge(tokens, "bearer  another.token ", THIRD_PRM), RELEVE_TOKENS_RIGHT);
    assert_int_equal(releve_tokens_judge(tokens, "BEARER another.token", PRM), RELEVE_TOKENS_OTHER);
    releve_tokens_close(tokens);
    free(text);
}

static void test_what_is_no_token_of_the_file_is_refused(void **state)
{
    char *text = two_tokens(), longest[RELEVE_TOKENS_TOKEN_BYTES + 10];
    struct releve_tokens *tokens = open_good(*state, text);
    static const char *const none[] = {NULL,
                                       "",
                                       "Bearer",
                                       "Bearer ",
                                       "Basic b25lOnRva2Vu",
                                       "one.token.here",
                                       "Bearerone.token.here",
                                       "Bearer one.token.here x"};
    static const char *const unknown[] = {"Bearer one.token.her", "Bearer one.token.heree", "Bearer x"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(releve_tokens_judge(tokens, none[i], PRM), RELEVE_TOKENS_NONE);
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        assert_int_equal(releve_tokens_judge(tokens, unknown[i], PRM), RELEVE_TOKENS_UNKNOWN);
    (void)snprintf(longest, sizeof longest, "Bearer %0*d", RELEVE_TOKENS_TOKEN_BYTES, 1);
    assert_int_equal(releve_tokens_judge(tokens, longest, PRM), RELEVE_TOKENS_UNKNOWN);
    /* The digest lets nobody in. */
    char digest[8 + 2 * RELEVE_TOKENS_DIGEST_BYTES];
    (void)snprintf(digest, sizeof digest, "Bearer %.64s", strchr(text, '\n') + 2);
    assert_int_equal(releve_tokens_judge(tokens, digest, PRM), RELEVE_TOKENS_UNKNOWN);
    releve_tokens_close(tokens);
    free(text);
}

static void test_the_digest_is_sha_256(void **state)
{
    (void)state;
    struct releve_text line = {.length = 0};
    releve_tokens_write_line(&line, "abc", (releve_prm[]){PRM}, 1); /* FIPS 180-4, its first example */
    releve_text_byte(&line, '\0');
    assert_string_equal(line.bytes, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 10000000000018");
    releve_text_free(&line);
}

static void test_an_empty_file_lets_nobody_in(void **state)
{
    struct releve_tokens *tokens = open_good(*state, "# nobody yet\n");
    assert_int_equal(releve_tokens_count(tokens), 0);
    assert_int_equal(releve_tokens_judge(tokens, "Bearer x", PRM), RELEVE_TOKENS_UNKNOWN);
    releve_tokens_close(tokens);
}

static void test_each_wrong_line_is_said_and_none_of_its_words(void **state)
{
    struct file *file = *state;
    struct releve_error error;
    static const char secret[] = "eyJhbGciOiJIUzI1NiJ9.secret.secret";
    struct releve_text text = {.length = 0};
    releve_text_format(&text, "%s 10000000000018\n", secret); /* the token itself, by mistake */
    for (int i = 0; i < 2; i++)
        add_line(&text, "twice", (releve_prm[]){PRM}, 1);
    releve_text_format(&text, "%064d\n", 7);
    releve_text_format(&text, "%064d 10000000000018,10000000000026\n", 8);
    releve_text_format(&text, "%064d 10000000000018 %s\n", 9, secret);
    releve_text_format(&text, "%064d", 10);
    for (int i = 0; i <= RELEVE_TOKENS_PRMS_MAX; i++)
        releve_text_puts(&text, " 10000000000018");
    releve_text_format(&text, "\n# %05000d\n", 0);
    releve_text_add(&text, "# \0\n", 4);
    releve_text_byte(&text, '\0');
    const char *said = said_of(file, text.bytes, text.length - 1, &error);
    static const char *const lines[] = {"line 1: its first word is no digest",
                                        "line 3: the digest of line 2 again",
                                        "line 4: no usage point",
                                        "line 5: usage point number 1 is no PRM",
                                        "line 6: usage point number 2 is no PRM",
                                        "line 7: more than 128 usage points",
                                        "line 8: longer than 4 kB",
                                        "line 9: holds a NUL"};
    size_t count = 0;
    for (const char *at = said; (at = strchr(at, '\n')) != NULL; at++)
        count++;
    assert_int_equal(count, sizeof lines / sizeof lines[0]);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (strstr(said, lines[i]) == NULL)
            fail_msg("%s: not in %s", lines[i], said);
    assert_null(strstr(said, "secret"));
    assert_null(strstr(said, "100000"));
    assert_non_null(strstr(error.text, "8 of its lines are wrong"));
    assert_null(strchr(error.text, '\n'));
    releve_text_free(&text);
}

static void test_of_many_wrong_lines_the_first_ones_are_said(void **state)
{
    struct file *file = *state;
    struct releve_error error;
    struct releve_text text = {.length = 0};
    for (int i = 0; i < 1000; i++)
        releve_text_puts(&text, "nonsense\n");
    const char *said = said_of(file, text.bytes, text.length, &error);
    assert_non_null(strstr(said, "line 20: "));
    assert_null(strstr(said, "line 21: "));
    assert_non_null(strstr(error.text, "1000 of its lines"));
    releve_text_free(&text);
}

static void test_there_are_at_most_so_many_tokens(void **state)
{
    struct releve_text text = {.length = 0};
    struct releve_error error;
    for (int i = 0; i < RELEVE_TOKENS_MAX; i++)
        releve_text_format(&text, "%064d 10000000000018\n", i);
    releve_text_byte(&text, '\0');
    struct releve_tokens *tokens = open_good(*state, text.bytes);
    assert_int_equal(releve_tokens_count(tokens), RELEVE_TOKENS_MAX);
    releve_tokens_close(tokens);
    text.length--;
    releve_text_format(&text, "%064d 10000000000018\n", RELEVE_TOKENS_MAX);
    (void)said_of(*state, text.bytes, text.length, &error);
    assert_non_null(strstr(error.text, "more than 10000 tokens"));
    releve_text_free(&text);
}

static void test_a_file_that_others_may_read_is_refused(void **state)
{
    struct file *file = *state;
    struct releve_tokens *tokens;
    struct releve_error error;
    static const mode_t modes[] = {0640, 0604, 0620, 0601};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_int_equal(chmod(file->path, modes[i]), 0);
        assert_int_equal(releve_tokens_open(&tokens, file->path, say, file, &error), RELEVE_E_CONFIG);
        assert_non_null(strstr(error.text, "chmod 600"));
    }
    assert_int_equal(releve_tokens_open(&tokens, "/tmp", say, file, &error), RELEVE_E_CONFIG);
    assert_non_null(strstr(error.text, "is no file"));
    assert_int_equal(releve_tokens_open(&tokens, "/nowhere/tokens", say, file, &error), RELEVE_E_CONFIG);
    assert_non_null(strstr(error.text, "No such file"));
}

static void test_a_changed_file_counts_and_a_wrong_one_changes_nothing(void **state)
{
    struct file *file = *state;
    struct releve_error error = {0};
    char *text = two_tokens();
    struct releve_tokens *tokens = open_good(file, text);
    assert_int_equal(releve_tokens_look(tokens, &error), RELEVE_TOKENS_AS_BEFORE);
    rewrite(file, "nonsense\n");
    assert_int_equal(releve_tokens_look(tokens, &error), RELEVE_TOKENS_WRONG);
    assert_int_equal(releve_tokens_look(tokens, &error), RELEVE_TOKENS_AS_BEFORE); /* said once */
    assert_int_equal(releve_tokens_judge(tokens, "Bearer one.token.here", PRM), RELEVE_TOKENS_RIGHT);
    assert_int_equal(unlink(file->path), 0);
    assert_int_equal(releve_tokens_look(tokens, &error), RELEVE_TOKENS_WRONG);
    assert_int_equal(releve_tokens_look(tokens, &error), RELEVE_TOKENS_AS_BEFORE);
    assert_int_equal(releve_tokens_judge(tokens, "Bearer one.token.here", PRM), RELEVE_TOKENS_RIGHT);
    rewrite(file, text); /* 0644 or so */
    assert_int_equal(chmod(file->path, 0644), 0);
    assert_int_equal(releve_tokens_look(tokens, &error), RELEVE_TOKENS_WRONG);
    assert_int_equal(chmod(file->path, 0600), 0);
    assert_int_equal(releve_tokens_look(tokens, &error), RELEVE_TOKENS_READ);
    struct releve_text one = {.length = 0};
    add_line(&one, "another.token", (releve_prm[]){THIRD_PRM}, 1);
    write_file(file, one.bytes, one.length);
    releve_text_free(&one);
    assert_int_equal(releve_tokens_look(tokens, &error), RELEVE_TOKENS_READ);
    assert_int_equal(releve_tokens_judge(tokens, "Bearer one.token.here", PRM), RELEVE_TOKENS_UNKNOWN);
    assert_int_equal(releve_tokens_judge(tokens, "Bearer another.token", THIRD_PRM), RELEVE_TOKENS_RIGHT);
    releve_tokens_close(tokens);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_token_is_right_for_its_usage_points_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_token_of_the_file_is_refused, set_up, tear_down),
        cmocka_unit_test(test_the_digest_is_sha_256),
        cmocka_unit_test_setup_teardown(test_an_empty_file_lets_nobody_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_wrong_line_is_said_and_none_of_its_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_of_many_wrong_lines_the_first_ones_are_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_there_are_at_most_so_many_tokens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_that_others_may_read_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_changed_file_counts_and_a_wrong_one_changes_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
