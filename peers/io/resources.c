/* SPDX-License-Identifier: BSD-2-Clause */
#include "resources.h"

#include <stdio.h>
#include <string.h>

static gosc_span text_span(const char *text)
{
    return gosc_span_of(text, strlen(text));
}

void io_resources_init(io_resources *resources)
{
    memset(resources, 0, sizeof *resources);
    memcpy(resources->light, "off", 3);
    resources->light_len = 3;
    memcpy(resources->observed, "0", 1);
    resources->observed_len = 1;
    io_interop_init(&resources->interop);
    resources->large_len = IO_LARGE_LEN;
    for (size_t i = 0; i < IO_LARGE_LEN; i++) {
        resources->large[i] = (uint8_t)('a' + i / 16 % 26);
    }
}

/* store keeps a payload as the new state; false: empty or too long. */
static bool store(uint8_t *room, size_t room_len, size_t *len, gosc_span payload)
{
    if (payload.len == 0 || payload.len > room_len) {
        return false;
    }
    memcpy(room, payload.ptr, payload.len);
    *len = payload.len;
    return true;
}

static void content(io_app_answer *answer, gosc_span payload)
{
    answer->code = GOSC_CODE_CONTENT;
    answer->has_format = true;
    answer->format = IO_FORMAT_TEXT;
    answer->payload = payload;
}

static void hello(io_resources *resources, const io_app_request *request, io_app_answer *answer)
{
    (void)resources;
    if (request->code == GOSC_CODE_GET) {
        content(answer, text_span("hello"));
    }
}

static void light(io_resources *resources, const io_app_request *request, io_app_answer *answer)
{
    bool is_on = resources->light_len == 2 && memcmp(resources->light, "on", 2) == 0;
    if (request->code == GOSC_CODE_GET || request->code == GOSC_CODE_FETCH) {
        content(answer, gosc_span_of(resources->light, resources->light_len));
    } else if (request->code == IO_CODE_PUT) {
        bool stored =
            store(resources->light, sizeof resources->light, &resources->light_len, request->payload);
        answer->code = stored ? GOSC_CODE_CHANGED : IO_CODE_BAD_REQUEST;
    } else if (request->code == GOSC_CODE_POST) {
        (void)store(resources->light, sizeof resources->light, &resources->light_len,
                    text_span(is_on ? "off" : "on"));
        answer->code = GOSC_CODE_CHANGED;
    }
}

static void observed(io_resources *resources, const io_app_request *request, io_app_answer *answer)
{
    if (request->code == GOSC_CODE_GET) {
        content(answer, gosc_span_of(resources->observed, resources->observed_len));
        answer->observable = true;
    }
}

static void large(io_resources *resources, const io_app_request *request, io_app_answer *answer)
{
    if (request->code == GOSC_CODE_GET) {
        content(answer, gosc_span_of(resources->large, resources->large_len));
    } else if (request->code == IO_CODE_PUT) {
        bool stored =
            store(resources->large, sizeof resources->large, &resources->large_len, request->payload);
        answer->code = stored ? GOSC_CODE_CHANGED : IO_CODE_TOO_LARGE;
    }
}

static void separate(io_resources *resources, const io_app_request *request, io_app_answer *answer)
{
    (void)resources;
    if (request->code == GOSC_CODE_GET) {
        content(answer, text_span("separate"));
        answer->delay_ms = IO_SEPARATE_MS;
    }
}

/* piece_number reads the query `n=7`; false: there is none. */
static bool piece_number(gosc_span options, size_t *number)
{
    gosc_option_iter iter;
    gosc_coap_option option;
    gosc_option_iter_init(&iter, options);
    while (gosc_option_next(&iter, &option)) {
        if (option.number != GOSC_OPTION_URI_QUERY || option.value.len < 3 || option.value.len > 5 ||
            memcmp(option.value.ptr, "n=", 2) != 0) {
            continue;
        }
        *number = 0;
        for (size_t i = 2; i < option.value.len; i++) {
            uint8_t digit = (uint8_t)(option.value.ptr[i] - '0');
            if (digit > 9) {
                return false;
            }
            *number = 10 * *number + digit;
        }
        return *number < IO_PIECES_MAX;
    }
    return false;
}

static void firmware(io_resources *resources, const io_app_request *request, io_app_answer *answer)
{
    size_t number = 0;
    if (request->code == IO_CODE_PUT) {
        bool good = piece_number(request->options, &number) && request->payload.len > 0;
        if (good) {
            resources->pieces[number] = true;
        }
        answer->code = good ? GOSC_CODE_CHANGED : IO_CODE_BAD_REQUEST;
        return;
    }
    if (request->code != GOSC_CODE_GET) {
        return;
    }
    size_t len = 0;
    for (size_t i = 0; i < IO_PIECES_MAX; i++) {
        if (resources->pieces[i]) {
            len += (size_t)snprintf(resources->text + len, sizeof resources->text - len, "%s%zu",
                                    len > 0 ? "," : "", i);
        }
    }
    content(answer, gosc_span_of(resources->text, len));
}

/* kids answers whom the payload names, with its Sender ID: its address is then known to who asked (GO-8.1-02). */
static void kids(io_resources *resources, const io_app_request *request, io_app_answer *answer)
{
    gosc_reader reader;
    (void)resources;
    if (request->code != GOSC_CODE_FETCH || !gosc_span_present(request->own_id)) {
        return;
    }
    gosc_reader_init(&reader, request->payload);
    bool good = gosc_cbor_check(request->payload) == GOSC_OK;
    size_t n = good ? gosc_cbor_read_array(&reader) : 0;
    bool is_named = false;
    for (size_t i = 0; i < n && !reader.failed; i++) {
        gosc_span kid = gosc_cbor_read_bstr(&reader);
        is_named = is_named || (!reader.failed && gosc_span_equal(kid, request->own_id));
    }
    if (is_named) {
        content(answer, request->own_id);
        answer->format = IO_FORMAT_BYTES;
    }
    answer->nothing = !is_named;
}

static void core(io_resources *resources, const io_app_request *request, io_app_answer *answer);

typedef struct resource {
    const char *path;
    const char *attributes; /* of its link */
    void (*answer)(io_resources *resources, const io_app_request *request, io_app_answer *answer);
} resource;

static const resource all[] = {
    {"/hello", ";ct=0", hello},          {"/light", ";ct=0", light},
    {"/observe", ";ct=0;obs", observed}, {"/large", ";ct=0;sz=1200", large},
    {"/separate", ";ct=0", separate},    {"/firmware", ";ct=0", firmware},
    {"/kids", ";ct=60", kids},           {"/.well-known/core", ";ct=40", core},
};

/* ---- discovery (RFC 6690; groupcomm-bis section 2.2) ---- */

/* filter_fits compares a value with what a query asks for; a star at its end stands for anything. */
static bool filter_fits(gosc_span wanted, const char *value)
{
    size_t len = strlen(value);
    bool open = wanted.len > 0 && wanted.ptr[wanted.len - 1] == '*';
    size_t fixed = open ? wanted.len - 1 : wanted.len;
    return (open ? len >= fixed : len == fixed) && (fixed == 0 || memcmp(wanted.ptr, value, fixed) == 0);
}

/* is_wanted: every query of href and rt fits the link; others are not ours to understand. */
static bool is_wanted(gosc_span options, const char *href, const char *type)
{
    gosc_option_iter iter;
    gosc_coap_option option;
    gosc_option_iter_init(&iter, options);
    while (gosc_option_next(&iter, &option)) {
        gosc_span value = option.value;
        if (option.number != GOSC_OPTION_URI_QUERY || value.len < 3) {
            continue;
        }
        bool is_type = memcmp(value.ptr, "rt=", 3) == 0;
        bool is_href = value.len >= 5 && memcmp(value.ptr, "href=", 5) == 0;
        if ((is_type && !filter_fits(gosc_span_of(value.ptr + 3, value.len - 3), type)) ||
            (is_href && !filter_fits(gosc_span_of(value.ptr + 5, value.len - 5), href))) {
            return false;
        }
    }
    return true;
}

typedef struct link_list {
    char *text;
    size_t room, len;
    const io_app_request *request;
} link_list;

/* link_add adds a link with the attribute `osc` (RFC 8613 section 9), in groups `gosc` beside it (GO-11-02). */
static void link_add(link_list *list, const char *href, const char *attributes, const char *type)
{
    if (!is_wanted(list->request->options, href, type) || list->len + 128 > list->room) {
        return;
    }
    list->len += (size_t)snprintf(list->text + list->len, list->room - list->len, "%s<%s>%s;%s",
                                  list->len > 0 ? "," : "", href, attributes,
                                  list->request->in_group ? "osc;gosc" : "osc");
}

/* core lists the resources, and the application groups that go by the group of the request. */
static void core(io_resources *resources, const io_app_request *request, io_app_answer *answer)
{
    link_list list = {.text = resources->text, .room = sizeof resources->text, .request = request};
    if (request->code != GOSC_CODE_GET) {
        return;
    }
    for (size_t i = 0; i + 1 < sizeof all / sizeof all[0]; i++) {
        link_add(&list, all[i].path, all[i].attributes, "");
    }
    for (size_t i = 0; i < resources->n_applications; i++) {
        char href[IO_APPLICATION_NAME_MAX + 4];
        (void)snprintf(href, sizeof href, "/gp/%s", resources->applications[i].name);
        if (request->group != NULL && strcmp(resources->applications[i].group, request->group) == 0) {
            link_add(&list, href, ";rt=\"g.light\"", "g.light");
        }
    }
    content(answer, gosc_span_of(resources->text, list.len));
    answer->format = IO_FORMAT_LINKS;
    answer->nothing = list.len == 0;
}

/* ---- application groups ---- */

bool io_resources_apply(io_resources *resources, const char *application, const char *group)
{
    if (resources->n_applications == IO_APPLICATIONS_MAX || strlen(application) >= IO_APPLICATION_NAME_MAX ||
        strlen(group) >= IO_NAME_MAX) {
        return false;
    }
    io_application *one = &resources->applications[resources->n_applications++];
    memcpy(one->name, application, strlen(application) + 1);
    memcpy(one->group, group, strlen(group) + 1);
    return true;
}

/* resource_of gives the path behind /gp/NAME; NULL: this device is in no such application group, or the request did
 * not come through its group. */
static const char *resource_of(const io_resources *resources, const io_app_request *request)
{
    if (strncmp(request->path, "/gp/", 4) != 0) {
        return request->path;
    }
    const char *name = request->path + 4;
    size_t len = strcspn(name, "/");
    for (size_t i = 0; i < resources->n_applications; i++) {
        const io_application *one = &resources->applications[i];
        if (strlen(one->name) == len && memcmp(one->name, name, len) == 0 && request->group != NULL &&
            strcmp(one->group, request->group) == 0) {
            return name + len;
        }
    }
    return NULL;
}

void io_resources_answer(io_resources *resources, const io_app_request *request, io_app_answer *answer)
{
    const char *path = resource_of(resources, request);
    if (path == NULL) {
        return; /* 4.04, which groups do not hear of */
    }
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(all[i].path, path) == 0 && !request->is_plain) {
            answer->code = IO_CODE_METHOD_NOT_ALLOWED;
            all[i].answer(resources, request, answer);
            return;
        }
    }
    io_interop_answer(&resources->interop, request, answer);
}

bool io_resources_change(io_resources *resources, const char *path, gosc_span payload)
{
    if (strcmp(path, "/observe") != 0) {
        return io_interop_change(&resources->interop, path, payload);
    }
    return store(resources->observed, sizeof resources->observed, &resources->observed_len, payload);
}
