/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process that replays vectors against one mutant after the other. It reads the tree once; each mutant is
 * a shared object with library, adapter and replayer of its own, loaded into a child that may crash or hang.
 *
 *     host FOLDER
 *
 * prints `vector <id>` for each vector in order and `ready`. Then, for each line `<object> <stop> <n>
 * <index>...` on standard input, what the child prints (mutant.h) and `end exit <status>` or `end signal
 * <number>`.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mutant.h"

enum {
    HEAP_MAX = 1 << 30, /* bytes; a mutant may ask for ever more */
};

typedef struct order {
    const char *object;
    bool stop;
    size_t *indexes;
    size_t n;
} order;

/* number_take reads the next word of a line as a number below limit. */
static bool number_take(char **rest, size_t limit, size_t *number)
{
    const char *word = strtok_r(NULL, " \n", rest);
    if (word == NULL) {
        return false;
    }
    *number = (size_t)strtoull(word, NULL, 10);
    return *number < limit;
}

/* order_take reads one line in place; false when it breaks the form above. */
static bool order_take(const vec_tree *tree, char *line, order *o)
{
    char *rest;
    size_t stop;
    o->object = strtok_r(line, " \n", &rest);
    if (o->object == NULL || !number_take(&rest, 2, &stop) ||
        !number_take(&rest, tree->n_vectors + 1, &o->n)) {
        return false;
    }
    o->stop = stop == 1;
    for (size_t i = 0; i < o->n; i++) {
        if (!number_take(&rest, tree->n_vectors, &o->indexes[i])) {
            return false;
        }
    }
    return true;
}

/* child never returns: the mutant's state dies with it. */
static void child(const vec_tree *tree, const order *o)
{
    const struct rlimit heap = {HEAP_MAX, HEAP_MAX};
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_DATA, &heap);
    (void)setrlimit(RLIMIT_CORE, &none);
    void *object = dlopen(o->object, RTLD_NOW | RTLD_LOCAL);
    mutant_replay_call *call = NULL;
    if (object != NULL) {
        /* ISO C knows no cast from an object pointer to a function's; POSIX promises that this works. */
        *(void **)&call = dlsym(object, "mutant_replay");
    }
    if (call == NULL) {
        printf("unloadable %s\n", dlerror());
        (void)fflush(stdout);
        _exit(EXIT_FAILURE);
    }
    int status = call(tree, o->indexes, o->n, o->stop);
    (void)fflush(stdout);
    _exit(status);
}

static void run(const vec_tree *tree, const order *o)
{
    int status = 0;
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        child(tree, o);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        printf("end lost 0\n");
    } else if (WIFSIGNALED(status)) {
        printf("end signal %d\n", WTERMSIG(status));
    } else {
        printf("end exit %d\n", WEXITSTATUS(status));
    }
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    vec_tree tree;
    vec_check check;
    if (argc != 2) {
        (void)fputs("host: expected a folder of vectors\n", stderr);
        return 2;
    }
    if (!vec_tree_load(&tree, argv[1], NULL, 0, &check)) {
        (void)fprintf(stderr, "host: %s\n", check.fault);
        return 2;
    }
    for (size_t i = 0; i < tree.n_vectors; i++) {
        printf("vector %s\n", tree.vectors[i].id);
    }
    printf("ready\n");
    (void)fflush(stdout);
    size_t room = 4096 + 12 * tree.n_vectors;
    char *line = malloc(room);
    order o = {.indexes = calloc(tree.n_vectors, sizeof *o.indexes)};
    while (line != NULL && o.indexes != NULL && fgets(line, (int)room, stdin) != NULL) {
        if (!order_take(&tree, line, &o)) {
            (void)fputs("host: expected OBJECT STOP N INDEX...\n", stderr);
            return 2;
        }
        run(&tree, &o);
    }
    free(line);
    free(o.indexes);
    vec_tree_free(&tree);
    return 0;
}
