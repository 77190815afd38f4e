/* SPDX-License-Identifier: BSD-2-Clause */
#include "run_common.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
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
    const char *adapter = vec_printf(arena, "interop/%s/peer", text);
    in_shell(arena, strpbrk(text, " /") == NULL && access(adapter, X_OK) == 0 ? adapter : text, program);
    return -1;
}

void cli_today(char text[16])
{
    time_t now = time(NULL);
    struct tm day;
    (void)gmtime_r(&now, &day);
    (void)strftime(text, 16, "%Y-%m-%d", &day);
}
