/* SPDX-License-Identifier: BSD-2-Clause */
#include "bundle.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

const char *run_bundle_name(vec_arena *arena, const char *id)
{
    size_t len = strlen(id);
    char *name = vec_alloc(arena, len + 1);
    for (size_t i = 0; i < len; i++) {
        name[i] = id[i] == '/' ? '_' : id[i];
    }
    return name;
}

static bool write_json(vec_arena *arena, const char *dir, const char *name, const json_t *value)
{
    return json_dump_file(value, vec_printf(arena, "%s/%s", dir, name), JSON_INDENT(1)) == 0;
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
    FILE *file = fopen(vec_printf(arena, "%s/events.jsonl", dir), "w");
    if (file == NULL) {
        return false;
    }
    bool good = obs_log_write(log, file);
    return fclose(file) == 0 && good;
}

static bool write_stderr(run_play *play, const char *dir)
{
    bool good = true;
    for (size_t i = 0; i < play->n_peers; i++) {
        const run_peer *peer = &play->peers[i];
        if (peer->err_len == 0) {
            continue;
        }
        FILE *file = fopen(vec_printf(&play->arena, "%s/stderr-%s.txt", dir, peer->name), "w");
        if (file == NULL) {
            return false;
        }
        good = fwrite(peer->err, 1, peer->err_len, file) == peer->err_len && good;
        good = fclose(file) == 0 && good;
    }
    return good;
}

bool run_bundle_write(run_play *play, const char *dir, const char *command, const json_t *verdict,
                      const char **why)
{
    vec_arena *arena = &play->arena;
    json_t *whole = json_object();
    obs_set_text(whole, "format", "muster-bundle-1");
    obs_set_text(whole, "port", play->port);
    obs_set_int(whole, "seed", (int64_t)play->config->seed);
    obs_set_text(whole, "peer", command);
    obs_set_text(whole, "place", play->config->place);
    (void)json_object_set_new(whole, "plan", json_deep_copy(play->plan));
    bool good = mkdir(dir, 0777) == 0 || errno == EEXIST;
    if (good) {
        json_t *contexts = contexts_of(&play->world);
        good = write_json(arena, dir, "case.json", whole) && write_log(arena, dir, &play->log) &&
               write_json(arena, dir, "verdict.json", verdict) &&
               write_json(arena, dir, "contexts.json", contexts) && write_stderr(play, dir);
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
