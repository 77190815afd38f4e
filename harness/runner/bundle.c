/* SPDX-License-Identifier: BSD-2-Clause */
#include "bundle.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "report/capture.h"
#include "report/text.h"

const char *run_bundle_name(vec_arena *arena, const char *id)
{
    size_t len = strlen(id);
    char *name = vec_alloc(arena, len + 1);
    for (size_t i = 0; i < len; i++) {
        name[i] = id[i] == '/' ? '_' : id[i];
    }
    return name;
}

/* A file of a bundle under way: it appears whole or not at all. */
typedef struct part {
    FILE *file;
    const char *path, *name;
} part;

static bool part_open(vec_arena *arena, part *p, const char *dir, const char *name)
{
    p->name = vec_printf(arena, "%s/%s", dir, name);
    p->path = vec_printf(arena, "%s.part", p->name);
    p->file = fopen(p->path, "w");
    return p->file != NULL;
}

static bool part_close(part *p, bool good)
{
    int err = errno;
    good = fclose(p->file) == 0 && good;
    err = good || errno != 0 ? errno : err;
    if (good && rename(p->path, p->name) == 0) {
        return true;
    }
    (void)remove(p->path);
    errno = err;
    return false;
}

static bool write_json(vec_arena *arena, const char *dir, const char *name, const json_t *value)
{
    part p;
    return part_open(arena, &p, dir, name) && part_close(&p, json_dumpf(value, p.file, JSON_INDENT(1)) == 0);
}

static json_t *contexts_of(const run_world *world)
{
    json_t *groups = json_object();
    for (size_t i = 0; i < world->n_groups; i++) {
        const run_group *group = &world->groups[i];
        json_t *epochs = json_array();
        for (unsigned epoch = 0; epoch <= world->n_epochs; epoch++) {
            json_t *members = json_object();
            for (size_t j = 0; j < group->n_members; j++) {
                (void)json_object_set_new(members, group->members[j].name,
                                          run_world_context(world, group, epoch, j));
            }
            (void)json_array_append_new(epochs, members);
        }
        (void)json_object_set_new(groups, group->name, epochs);
    }
    return groups;
}

static bool write_log(vec_arena *arena, const char *dir, const obs_log *log)
{
    part p;
    return part_open(arena, &p, dir, "events.jsonl") && part_close(&p, obs_log_write(log, p.file));
}

static bool write_stderr(run_play *play, const char *dir)
{
    for (size_t i = 0; i < play->n_peers; i++) {
        const run_peer *peer = &play->peers[i];
        part p;
        if (peer->err_len > 0 &&
            !(part_open(&play->arena, &p, dir, vec_printf(&play->arena, "stderr-%s.txt", peer->name)) &&
              part_close(&p, fwrite(peer->err, 1, peer->err_len, p.file) == peer->err_len))) {
            return false;
        }
    }
    return true;
}

bool run_bundle_write(run_play *play, const char *dir, const char *command, const json_t *verdict,
                      const char **why)
{
    vec_arena *arena = &play->arena;
    json_t *whole = json_object();
    obs_set_text(whole, "format", "muster-bundle-1");
    obs_set_text(whole, "port", play->port);
    obs_set_int(whole, "seed", (int64_t)play->config->seed);
    obs_set_text(whole, "peer", rep_clean(arena, command));
    obs_set_text(whole, "place", play->config->place);
    (void)json_object_set_new(whole, "plan", json_deep_copy(play->plan));
    bool good = mkdir(dir, 0777) == 0 || errno == EEXIST;
    if (good) {
        json_t *contexts = contexts_of(&play->world);
        good = write_json(arena, dir, "case.json", whole) && write_log(arena, dir, &play->log) &&
               write_json(arena, dir, "verdict.json", verdict) &&
               write_json(arena, dir, "contexts.json", contexts) && write_stderr(play, dir) &&
               rep_capture_write(&play->log, vec_get_text(play->plan, "id"),
                                 vec_printf(arena, "%s/traffic.pcapng", dir));
        json_decref(contexts);
    }
    if (!good) {
        *why =
            vec_printf(arena, "%s: expected a folder that can be written, found: %s", dir, strerror(errno));
    }
    json_decref(whole);
    return good;
}

json_t *run_bundle_read(vec_check *check, const char *dir)
{
    static const vec_rule keys[] = {
        {.key = "format", .kind = VEC_TEXT, .min = 1},
        {.key = "port", .kind = VEC_TEXT, .min = 1},
        {.key = "seed", .kind = VEC_INT, .min = 0, .max = INT64_MAX},
        {.key = "peer", .kind = VEC_TEXT, .flags = VEC_NULLABLE},
        {.key = "place", .kind = VEC_TEXT, .flags = VEC_NULLABLE | VEC_OPTIONAL},
        {.key = "plan", .kind = VEC_ANY},
        {.kind = VEC_END},
    };
    static const vec_rule rule = {.kind = VEC_OBJECT, .of = keys};
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/case.json", dir);
    vec_check_init(check, path);
    json_t *whole = vec_json_file(check, path);
    if (whole == NULL || !vec_check_value(check, &rule, whole)) {
        json_decref(whole);
        return NULL;
    }
    (void)vec_place_push(check, "plan");
    if (!json_is_object(json_object_get(whole, "plan")) ||
        !run_plan_check(check, json_object_get(whole, "plan"))) {
        (void)vec_fault(check, "expected a plan");
        json_decref(whole);
        return NULL;
    }
    return whole;
}
