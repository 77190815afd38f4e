/* SPDX-License-Identifier: BSD-2-Clause */
#include "tree.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema.h"

/* Names found in a folder, sorted. */
typedef struct name_list {
    const char **names;
    size_t n_names;
} name_list;

static int compare_names(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(*left, *right);
}

static bool has_suffix(const char *name, const char *suffix)
{
    size_t len = strlen(name);
    size_t suffix_len = strlen(suffix);
    return len > suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

/* folder_list gives the names in a folder that end in suffix, as paths; false when it cannot be read. */
static bool folder_list(vec_arena *arena, const char *folder, const char *suffix, name_list *list)
{
    const struct dirent *entry;
    size_t room = 0;
    DIR *dir = opendir(folder);
    *list = (name_list){NULL, 0};
    if (dir == NULL) {
        return false;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.' || !has_suffix(entry->d_name, suffix)) {
            continue;
        }
        if (list->n_names == room) {
            const char **more = vec_alloc(arena, (2 * room + 16) * sizeof *more);
            if (room > 0) {
                memcpy(more, list->names, room * sizeof *more);
            }
            list->names = more;
            room = 2 * room + 16;
        }
        list->names[list->n_names++] = vec_printf(arena, "%s/%s", folder, entry->d_name);
    }
    (void)closedir(dir);
    if (list->n_names > 0) {
        qsort(list->names, list->n_names, sizeof list->names[0], compare_names);
    }
    return true;
}

/* tree_list gives the vector files of the four rooms. */
static name_list tree_list(vec_arena *arena, const char *folder)
{
    static const char *const rooms[] = {"common", "group-02", "group-28", "oscore"};
    name_list whole = {NULL, 0};
    for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
        name_list room;
        if (!folder_list(arena, vec_printf(arena, "%s/%s", folder, rooms[i]), ".json", &room) ||
            room.n_names == 0) {
            continue;
        }
        const char **more = vec_alloc(arena, (whole.n_names + room.n_names) * sizeof *more);
        if (whole.n_names > 0) {
            memcpy(more, whole.names, whole.n_names * sizeof *more);
        }
        memcpy(more + whole.n_names, room.names, room.n_names * sizeof *more);
        whole = (name_list){more, whole.n_names + room.n_names};
    }
    return whole;
}

/* room_of gives the name of the folder a file lies in. */
static const char *room_of(vec_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return "";
    }
    const char *start = slash;
    while (start > path && start[-1] != '/') {
        start--;
    }
    return vec_printf(arena, "%.*s", (int)(slash - start), start);
}

static bool file_load(vec_tree *tree, const char *path, vec_file *file, vec_check *check)
{
    vec_check_init(check, path);
    file->path = path;
    file->root = vec_json_file(check, path);
    if (file->root == NULL ||
        !vec_file_check(check, file->root, room_of(&tree->arena, path), tree->requirements)) {
        return false;
    }
    file->family = vec_get_text(file->root, "family");
    file->dialect = vec_get_text(file->root, "dialect");
    file->contexts = json_object_get(file->root, "contexts");
    return true;
}

static bool index_vectors(vec_tree *tree, vec_check *check)
{
    tree->index = json_object();
    assert(tree->vectors != NULL); /* vec_alloc ends the program rather */
    for (size_t i = 0; i < tree->n_files; i++) {
        const vec_file *file = &tree->files[i];
        const json_t *list = json_object_get(file->root, "vectors");
        vec_check_init(check, file->path);
        for (size_t j = 0; j < json_array_size(list); j++) {
            const json_t *json = json_array_get(list, j);
            const char *id = vec_get_text(json, "id");
            const vec_vector *first = vec_tree_find(tree, id);
            if (first != NULL) {
                (void)vec_place_push(check, "vectors");
                (void)vec_place_push_index(check, j);
                (void)vec_place_push(check, "id");
                return vec_fault(
                    check, "expected an id that is unique in the tree, found \"%s\" again (first in %s)", id,
                    first->file->path);
            }
            (void)json_object_set_new(tree->index, id, json_integer((json_int_t)tree->n_vectors));
            tree->vectors[tree->n_vectors++] = (vec_vector){
                .file = file,
                .json = json,
                .id = id,
                .title = vec_get_text(json, "title"),
                .is_ok = vec_get_is(json, "result", "ok"),
                .reason = vec_get_text(json, "reason"),
            };
        }
    }
    return true;
}

static bool find_controls(vec_tree *tree, vec_check *check)
{
    for (size_t i = 0; i < tree->n_vectors; i++) {
        vec_vector *vector = &tree->vectors[i];
        vector->control = i;
        if (vector->is_ok) {
            continue;
        }
        const char *id = vec_get_text(vector->json, "control");
        const vec_vector *control = vec_tree_find(tree, id);
        if (control == NULL || !control->is_ok || strcmp(control->file->family, vector->file->family) != 0) {
            size_t first = i;
            while (first > 0 && tree->vectors[first - 1].file == vector->file) {
                first--;
            }
            vec_check_init(check, vector->file->path);
            (void)vec_place_push(check, "vectors");
            (void)vec_place_push_index(check, i - first);
            (void)vec_place_push(check, "control");
            return vec_fault(check, "expected the id of a positive vector of the family, found \"%s\"", id);
        }
        vector->control = (size_t)(control - tree->vectors);
    }
    return true;
}

bool vec_tree_load(vec_tree *tree, const char *folder, const char *const *files, size_t n_files,
                   vec_check *check)
{
    *tree = (vec_tree){.folder = folder};
    vec_check_init(check, folder);
    tree->requirements = vec_requirements_load(folder);
    name_list list = {NULL, 0};
    if (n_files == 0) {
        list = tree_list(&tree->arena, folder);
        if (list.n_names == 0) {
            return vec_fault(check, "expected vector files (<room>/<name>.json), found none");
        }
    } else {
        list.names = vec_alloc(&tree->arena, n_files * sizeof *list.names);
        memcpy(list.names, files, n_files * sizeof *list.names);
        list.n_names = n_files;
    }
    tree->files = vec_alloc(&tree->arena, list.n_names * sizeof tree->files[0]);
    size_t n_vectors = 0;
    for (size_t i = 0; i < list.n_names; i++) {
        tree->n_files = i + 1;
        if (!file_load(tree, list.names[i], &tree->files[i], check)) {
            return false;
        }
        n_vectors += json_array_size(json_object_get(tree->files[i].root, "vectors"));
    }
    tree->vectors = vec_alloc(&tree->arena, n_vectors * sizeof tree->vectors[0]);
    return index_vectors(tree, check) && find_controls(tree, check);
}

/* has_text: whether a file contains a text, anywhere. */
static bool has_text(vec_arena *arena, const char *path, const char *text)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    bool found = false;
    if (fseek(file, 0, SEEK_END) == 0) {
        long len = ftell(file);
        char *bytes = vec_alloc(arena, (size_t)(len > 0 ? len : 0) + 1);
        rewind(file);
        bytes[fread(bytes, 1, (size_t)(len > 0 ? len : 0), file)] = '\0';
        found = strstr(bytes, text) != NULL;
    }
    (void)fclose(file);
    return found;
}

bool vec_tree_load_for(vec_tree *tree, const char *folder, const char *id, vec_check *check)
{
    vec_arena arena = {NULL};
    name_list list = tree_list(&arena, folder);
    const char *quoted = vec_printf(&arena, "\"id\": \"%s\"", id);
    const char *path = NULL;
    for (size_t i = 0; path == NULL && i < list.n_names; i++) {
        vec_arena bytes = {NULL};
        if (has_text(&bytes, list.names[i], quoted)) {
            path = list.names[i];
        }
        vec_arena_free(&bytes);
    }
    /* Not found, or written in another way than the generator's: all are read, and the caller will see. */
    bool good = vec_tree_load(tree, folder, path != NULL ? &path : NULL, path != NULL, check);
    if (good && path != NULL) {
        tree->files[0].path = vec_printf(&tree->arena, "%s", path);
    }
    vec_arena_free(&arena);
    return good;
}

void vec_tree_free(vec_tree *tree)
{
    for (size_t i = 0; i < tree->n_files; i++) {
        json_decref(tree->files[i].root);
    }
    json_decref(tree->index);
    json_decref(tree->requirements);
    vec_arena_free(&tree->arena);
    *tree = (vec_tree){.folder = NULL};
}

const vec_vector *vec_tree_find(const vec_tree *tree, const char *id)
{
    const json_t *index = json_object_get(tree->index, id);
    return index == NULL ? NULL : &tree->vectors[json_integer_value(index)];
}

/* catalogue_load takes id and words (the column "requirement") of each row. */
static void catalogue_load(const char *path, json_t *requirements)
{
    char line[8192];
    FILE *file = fopen(path, "r");
    size_t column = 0; /* of the words */
    bool is_first = true;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char *words = NULL;
        char *field = line;
        line[strcspn(line, "\r\n")] = '\0';
        for (size_t n = 0; field != NULL; n++) {
            char *next = strchr(field, '\t');
            if (next != NULL) {
                *next++ = '\0';
            }
            if (is_first && strcmp(field, "requirement") == 0) {
                column = n;
            }
            if (n == column) {
                words = field;
            }
            field = next;
        }
        if (!is_first && line[0] != '\0') {
            (void)json_object_set_new(requirements, line, json_string(words != NULL ? words : ""));
        }
        is_first = false;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}

json_t *vec_requirements_load(const char *folder)
{
    vec_arena arena = {NULL};
    name_list list;
    json_t *requirements = NULL;
    if (folder_list(&arena, vec_printf(&arena, "%s/requirements", folder), ".tsv", &list) &&
        list.n_names > 0) {
        requirements = json_object();
        for (size_t i = 0; i < list.n_names; i++) {
            catalogue_load(list.names[i], requirements);
        }
    }
    vec_arena_free(&arena);
    return requirements;
}

const char *vec_folder_default(void)
{
    const char *folder = getenv("MUSTER_VECTORS");
    return folder != NULL && folder[0] != '\0' ? folder : "vectors";
}
