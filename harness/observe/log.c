/* SPDX-License-Identifier: BSD-2-Clause */
#include "log.h"

#include <errno.h>
#include <string.h>

enum {
    LINE_MAX_LEN = 4 << 20, /* bytes of one entry */
};

void obs_log_init(obs_log *log)
{
    log->entries = json_array();
}

void obs_log_free(obs_log *log)
{
    json_decref(log->entries);
    log->entries = NULL;
}

json_t *obs_log_add(obs_log *log, uint64_t t_ms, const char *kind)
{
    json_t *entry = json_object();
    obs_set_int(entry, "n", (int64_t)json_array_size(log->entries));
    obs_set_int(entry, "t", (int64_t)t_ms);
    obs_set_text(entry, "ev", kind);
    (void)json_array_append_new(log->entries, entry);
    return entry;
}

bool obs_log_write(const obs_log *log, FILE *file)
{
    for (size_t i = 0; i < json_array_size(log->entries); i++) {
        if (json_dumpf(json_array_get(log->entries, i), file, JSON_COMPACT) != 0 ||
            fputc('\n', file) == EOF) {
            return false;
        }
    }
    return true;
}

bool obs_log_read(obs_log *log, vec_check *check, const char *path)
{
    obs_log_init(log);
    vec_check_init(check, path);
    FILE *file = fopen(path, "rb");
    char *line = malloc(LINE_MAX_LEN);
    bool good = file != NULL && line != NULL;
    if (!good) {
        (void)vec_fault(check, "expected a readable file, found: %s", strerror(errno));
    }
    while (good && fgets(line, LINE_MAX_LEN, file) != NULL) {
        size_t before = vec_place_push_index(check, json_array_size(log->entries) + 1);
        json_t *entry = vec_json_text(check, line, strlen(line));
        good = entry != NULL;
        if (good && vec_get_text(entry, "ev") == NULL) {
            good = vec_fault(check, "expected the key \"ev\", found none");
        }
        if (entry != NULL) {
            (void)json_array_append_new(log->entries, entry);
        }
        if (good) {
            vec_place_pop(check, before);
        }
    }
    if (good && json_array_size(log->entries) == 0) {
        good = vec_fault(check, "expected events, found none");
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    free(line);
    return good;
}

void obs_set_text(json_t *entry, const char *key, const char *text)
{
    (void)json_object_set_new(entry, key, text != NULL ? json_string(text) : json_null());
}

void obs_set_int(json_t *entry, const char *key, int64_t value)
{
    (void)json_object_set_new(entry, key, json_integer(value));
}

void obs_set_bool(json_t *entry, const char *key, bool value)
{
    (void)json_object_set_new(entry, key, json_boolean(value));
}

void obs_set_hex(vec_arena *arena, json_t *entry, const char *key, gosc_span bytes)
{
    obs_set_text(entry, key, gosc_span_present(bytes) ? vec_hex_write(arena, bytes) : NULL);
}
