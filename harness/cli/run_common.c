/* SPDX-License-Identifier: BSD-2-Clause */
#include "run_common.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *beside_us(vec_arena *arena, const char *name)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return name;
    }
    *slash = '\0';
    return vec_printf(arena, "%s/%s", path, name);
}

/* in_shell makes argv for a command line; the shell makes way for it, so that it dies with us. */
static void in_shell(vec_arena *arena, const char *text, run_program *program)
{
    const char **argv = vec_alloc(arena, 4 * sizeof *argv);
    argv[0] = "/bin/sh";
    argv[1] = "-c";
    argv[2] = vec_printf(arena, "exec %s", text);
    void *same = argv;
    program->argv = same;
}

/* is_in_path: whether a shell would find this word. */
static bool is_in_path(vec_arena *arena, const char *word)
{
    const char *rest = getenv("PATH");
    while (rest != NULL && *rest != '\0') {
        size_t len = strcspn(rest, ":");
        if (access(vec_printf(arena, "%.*s/%s", (int)len, rest, word), X_OK) == 0) {
            return true;
        }
        rest += rest[len] == ':' ? len + 1 : len;
    }
    return false;
}

/* is_missing starts an adapter with nothing to do: one that lacks its stack says so in a line and ends with status 3. */
static bool is_missing(const char *adapter)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        int none = open("/dev/null", O_RDWR);
        (void)dup2(none, STDIN_FILENO);
        (void)dup2(none, STDOUT_FILENO);
        (void)execl(adapter, adapter, (char *)NULL);
        _exit(127);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == CLI_MISSING;
}

/* adapter_of finds interop/NAME/peer: below the folder we are in, else in the tree this program was built in. */
static const char *adapter_of(vec_arena *arena, const char *name)
{
    const char *here = vec_printf(arena, "interop/%s/peer", name);
    if (access(here, X_OK) == 0) {
        return here;
    }
    const char *folder = cli_tree(arena);
    const char *there = folder == NULL ? here : vec_printf(arena, "%s/interop/%s/peer", folder, name);
    return access(there, X_OK) == 0 ? there : NULL;
}

/* program_of_name: text is one word. */
static int program_of_name(vec_arena *arena, const char *command, const char *text, run_program *program)
{
    const char *adapter = adapter_of(arena, text);
    if (adapter == NULL && !is_in_path(arena, text)) {
        return cli_complain("%s: --peer: expected a name (see muster list peers) or a command, found \"%s\"",
                            command, text);
    }
    if (adapter != NULL && is_missing(adapter)) {
        return CLI_MISSING;
    }
    if (adapter != NULL) {
        const char **argv = vec_alloc(arena, 2 * sizeof *argv);
        argv[0] = adapter;
        void *same = argv;
        program->argv = same;
    } else {
        in_shell(arena, text, program);
    }
    return -1;
}

const char *cli_tree(vec_arena *arena)
{
    char path[PATH_MAX];
    struct stat found;
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    for (char *slash = strrchr(path, '/'); slash != NULL; slash = strrchr(path, '/')) {
        *slash = '\0';
        if (stat(vec_printf(arena, "%s/harness/scenarios", path), &found) == 0 && S_ISDIR(found.st_mode)) {
            return vec_printf(arena, "%s", path);
        }
    }
    return NULL;
}

/* default_folder: where the folder we are in holds nothing of that name, `part` of the tree this program was built in. */
static void default_folder(vec_arena *arena, const char *variable, const char *holds, const char *part)
{
    const char *tree = access(holds, F_OK) == 0 || getenv(variable) != NULL ? NULL : cli_tree(arena);
    if (tree != NULL) {
        (void)setenv(variable, vec_printf(arena, "%s/%s", tree, part), 0);
    }
}

void cli_default_folders(void)
{
    vec_arena arena = {NULL};
    default_folder(&arena, "MUSTER_SCENARIOS", "harness/scenarios", "harness/scenarios");
    default_folder(&arena, "MUSTER_VECTORS", "vectors", "vectors");
    default_folder(&arena, "MUSTER_ROOT", "harness/mutants", ".");
    vec_arena_free(&arena);
}

const char *cli_root_default(void)
{
    const char *root = getenv("MUSTER_ROOT");
    return root != NULL && root[0] != '\0' ? root : ".";
}

int cli_program_of(vec_arena *arena, const char *command, const char *text, run_program *program)
{
    const char *own = getenv("MUSTER_PEER");
    if (text == NULL && own != NULL && own[0] != '\0') {
        in_shell(arena, own, program);
        return -1;
    }
    if (text == NULL) {
        const char **argv = vec_alloc(arena, 3 * sizeof *argv);
        argv[0] = beside_us(arena, "muster-peer");
        argv[1] = "--lab";
        void *same = argv;
        program->argv = same;
        if (access(argv[0], X_OK) != 0) {
            return cli_complain("%s: expected the reference peer at %s, found: %s", command, argv[0],
                                strerror(errno));
        }
        return -1;
    }
    if (strncmp(text, "coap://", 7) == 0) {
        return cli_complain(
            "%s: --peer: expected a name or a command, found an address (a remote host needs an adapter)",
            command);
    }
    if (text[0] == '\0') {
        return cli_complain("%s: --peer: expected a name or a command, found nothing", command);
    }
    if (strpbrk(text, " /\t\"'$;|&<>=") == NULL) {
        return program_of_name(arena, command, text, program);
    }
    in_shell(arena, text, program);
    return -1;
}

void cli_today(char text[16])
{
    time_t now = time(NULL);
    struct tm day;
    (void)gmtime_r(&now, &day);
    (void)strftime(text, 16, "%Y-%m-%d", &day);
}
