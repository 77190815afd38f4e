/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Durable Sender Sequence Numbers: a process killed at any moment never repeats one; one opener at a time.
 */
#include "state_db.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

enum {
    KILLS = 40,
    MARK_LEN = 8, /* bytes of a number in the pipe */
};

static char directory[256];

static const uint8_t secret[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static void context_make(gosc_security_context *context, gosc_span id, uint64_t ssn)
{
    const gosc_context_params params = {.dialect = &gosc_dialect_oscore,
                                        .hkdf = GOSC_ALG_HMAC_256,
                                        .aead = GOSC_ALG_CCM_16_64_128,
                                        .master_secret = gosc_span_of(secret, sizeof secret),
                                        .sender_id = id,
                                        .ssn = ssn};
    if (gosc_crypto_init() != GOSC_OK || gosc_security_context_init(&params, context) != GOSC_OK) {
        printf("Bail out! no Security Context\n");
        exit(EXIT_FAILURE);
    }
}

/* use takes numbers as protecting would, and tells each in the pipe before the next. */
static bool use(io_ssn_keeper *keeper, gosc_security_context *context, int pipe_fd)
{
    if (io_ssn_keeper_reserve(keeper, context) != GOSC_OK) {
        return false;
    }
    uint8_t mark[MARK_LEN];
    for (size_t i = 0; i < MARK_LEN; i++) {
        mark[i] = (uint8_t)(context->sender.ssn >> 8 * i);
    }
    context->sender.ssn++;
    return pipe_fd < 0 || write(pipe_fd, mark, MARK_LEN) == MARK_LEN;
}

/* child uses numbers until it is killed. */
static void child(int pipe_fd)
{
    char fault[IO_STATE_FAULT_MAX];
    gosc_security_context context = {.recipients = NULL};
    io_ssn_keeper keeper;
    bool known = false;
    io_state_db *db = io_state_db_open(directory, fault);
    context_make(&context, gosc_span_of("a", 1), 0);
    if (db == NULL || io_ssn_keeper_begin(&keeper, db, &context, &known) != GOSC_OK) {
        _exit(3);
    }
    while (use(&keeper, &context, pipe_fd)) {
    }
    _exit(4);
}

static uint64_t number_read(const uint8_t *mark)
{
    uint64_t number = 0;
    for (size_t i = 0; i < MARK_LEN; i++) {
        number |= (uint64_t)mark[i] << 8 * i;
    }
    return number;
}

/* run_and_kill lets a child run for a while; false: it repeated a number, or died by itself. *next moves
 * behind the last. */
static bool run_and_kill(uint64_t *next, unsigned *n_used)
{
    int ends[2];
    uint8_t mark[MARK_LEN];
    int status = 0;
    bool good = true;
    if (pipe(ends) != 0) {
        return false;
    }
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        child(ends[1]);
    }
    (void)close(ends[1]);
    /* At least one number, so that each child lives to use some; then any time up to 8 ms more. */
    ssize_t n = read(ends[0], mark, MARK_LEN);
    struct timespec pause = {.tv_nsec = (long)tap_random(8000000)};
    for (bool killed = false; n == MARK_LEN; n = read(ends[0], mark, MARK_LEN)) {
        uint64_t number = number_read(mark);
        good = good && number >= *next;
        *next = number + 1;
        (*n_used)++;
        if (!killed && tap_random(100) == 0) {
            (void)nanosleep(&pause, NULL);
            (void)kill(pid, SIGKILL);
            killed = true;
        }
    }
    (void)close(ends[0]);
    return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && good;
}

static void test_kill(void)
{
    uint64_t next = 0;
    unsigned n_used = 0;
    bool good = true;
    for (int i = 0; i < KILLS; i++) {
        bool fine = run_and_kill(&next, &n_used);
        if (!fine) {
            printf("# after %d kills and %u numbers\n", i, n_used);
        }
        good = good && fine;
    }
    printf("# %u numbers used in %d lives, up to %llu\n", n_used, KILLS, (unsigned long long)next);
    tap_ok(good && n_used > KILLS, "O-7.5-01 O-B.1.1-01 killed at any moment, no number is used twice");
}

static void test_reopen(void)
{
    char fault[IO_STATE_FAULT_MAX];
    gosc_security_context context = {.recipients = NULL};
    io_ssn_keeper keeper;
    bool known = true;
    io_state_db *db = io_state_db_open(directory, fault);
    context_make(&context, gosc_span_of("b", 1), 7);
    gosc_err err = io_ssn_keeper_begin(&keeper, db, &context, &known);
    tap_ok(err == GOSC_OK && !known && context.sender.ssn == 7,
           "O-B.1.1-01 a new context begins where it says");
    bool used = use(&keeper, &context, -1) && use(&keeper, &context, -1);
    io_ssn_keeper_end(&keeper, &context);
    io_state_db_close(db);

    db = io_state_db_open(directory, fault);
    context_make(&context, gosc_span_of("b", 1), 0);
    err = io_ssn_keeper_begin(&keeper, db, &context, &known);
    tap_ok(used && err == GOSC_OK && known && IO_STATE_LATE > 0 && context.sender.ssn == 9 + IO_STATE_LATE,
           "O-B.1.1-01 after a clean end only F numbers are skipped");
    used = use(&keeper, &context, -1);
    io_state_db_close(db); /* without giving back: a crash */

    db = io_state_db_open(directory, fault);
    context_make(&context, gosc_span_of("b", 1), 0);
    err = io_ssn_keeper_begin(&keeper, db, &context, &known);
    tap_ok(used && err == GOSC_OK && known && context.sender.ssn == 9 + 2 * IO_STATE_LATE + IO_STATE_JUMP,
           "O-B.1.1-02 after a crash what was reserved is skipped as well");
    context_make(&context, gosc_span_of("c", 1), 0);
    err = io_ssn_keeper_begin(&keeper, db, &context, &known);
    tap_ok(err == GOSC_OK && !known && context.sender.ssn == 0,
           "O-7.5-01 another Sender ID counts for itself");
    err = io_ssn_keeper_begin(&keeper, db, &context, &known);
    tap_ok(err == GOSC_OK && known && context.sender.ssn == IO_STATE_LATE,
           "O-7.5-02 who never used a number is known when it comes back, for its windows are lost");
    context_make(&context, gosc_span_of("c", 1), 0);
    context.sender.present = false;
    err = io_ssn_keeper_begin(&keeper, db, &context, &known);
    bool was_known = known;
    gosc_err again = io_ssn_keeper_begin(&keeper, db, &context, &known);
    tap_ok(err == GOSC_OK && !was_known && again == GOSC_OK && known,
           "O-7.5-02 so is a silent server, apart from the member of the same identifier");
    context_make(&context, gosc_span_of("b", 1), 5000);
    err = io_ssn_keeper_begin(&keeper, db, &context, &known);
    tap_ok(err == GOSC_OK && context.sender.ssn == 5000, "O-7.5-01 a number above the stored one stands");
    context_make(&context, gosc_span_of("d", 1), GOSC_PARTIAL_IV_LIMIT);
    err = io_ssn_keeper_begin(&keeper, db, &context, &known);
    used = use(&keeper, &context, -1);
    tap_ok(err == GOSC_OK && used && keeper.limit == GOSC_PARTIAL_IV_LIMIT + 1,
           "O-7.2.1-02 the last number can be used");
    io_ssn_keeper memory;
    err = io_ssn_keeper_begin(&memory, NULL, &context, &known);
    tap_ok(err == GOSC_OK && !known && io_ssn_keeper_reserve(&memory, &context) == GOSC_OK,
           "O-7.5-01 without a directory numbers live in memory");
    io_state_db_close(db);
}

static void test_lock(void)
{
    char fault[IO_STATE_FAULT_MAX] = "";
    int status = 0;
    io_state_db *db = io_state_db_open(directory, fault);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        _exit(io_state_db_open(directory, fault) == NULL && strstr(fault, "in use") != NULL ? 0 : 1);
    }
    bool refused = waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    tap_ok(db != NULL && refused, "O-7.5-01 a second process is refused while the first one lives");
    io_state_db *twice = io_state_db_open(directory, fault);
    tap_ok(twice == NULL && strstr(fault, "in use") != NULL, "O-7.5-01 the same process too");
    io_state_db_close(db);
    db = io_state_db_open(directory, fault);
    tap_ok(db != NULL, "O-7.5-01 and let in afterwards (control)");
    io_state_db_close(db);
    tap_ok(io_state_db_open("/nowhere/at/all", fault) == NULL && fault[0] != '\0',
           "no directory is told in a line");
    char path[300];
    (void)snprintf(path, sizeof path, "%s/broken", directory);
    bool made = mkdir(path, 0700) == 0;
    (void)snprintf(path, sizeof path, "%s/broken/state.db", directory);
    FILE *file = fopen(path, "w");
    made = made && file != NULL &&
           fputs("this is no database, and long enough to be seen as none at all\n", file) >= 0;
    made = file != NULL && fclose(file) == 0 && made;
    (void)snprintf(path, sizeof path, "%s/broken", directory);
    tap_ok(made && io_state_db_open(path, fault) == NULL && fault[0] != '\0',
           "so is a file that is no database");
    (void)snprintf(path, sizeof path, "%s/broken/state.db", directory);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/broken", directory);
    (void)rmdir(path);
}

int main(int argc, char **argv)
{
    char path[300];
    const char *parent = getenv("TMPDIR");
    tap_seed(argc, argv);
    (void)snprintf(directory, sizeof directory,
                   "%s/muster-state-"
                   "XX"
                   "XX"
                   "XX",
                   parent == NULL ? "/var/tmp" : parent);
    if (mkdtemp(directory) == NULL) {
        printf("Bail out! no directory\n");
        return EXIT_FAILURE;
    }
    test_kill();
    test_reopen();
    test_lock();
    (void)snprintf(path, sizeof path, "%s/state.db", directory);
    bool gone = unlink(path) == 0;
    (void)snprintf(path, sizeof path, "%s/state.db-journal", directory);
    (void)unlink(path); /* there only when a killed child left it and nobody came back */
    tap_ok(gone && rmdir(directory) == 0, "nothing else is left in the directory");
    return tap_done();
}
