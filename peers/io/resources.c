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

static void core(io_resources *resources, const io_app_request *request, io_app_answer *answer);

typedef struct resource {
    const char *path;
    const char *attributes; /* of its link */
    void (*answer)(io_resources *resources, const io_app_request *request, io_app_answer *answer);
} resource;

static const resource all[] = {
    {"/hello", ";ct=0", hello},
    {"/light", ";ct=0", light},
    {"/observe", ";ct=0;obs", observed},
    {"/large", ";ct=0;sz=1200", large},
    {"/separate", ";ct=0", separate},
    {"/firmware", ";ct=0", firmware},
    {"/.well-known/core", ";ct=40", core},
};

/* core lists the resources (RFC 6690) with the attribute `osc` (RFC 8613 section 9) or `gosc` (Group OSCORE
 * -28 section 11). */
static void core(io_resources *resources, const io_app_request *request, io_app_answer *answer)
{
    if (request->code != GOSC_CODE_GET) {
        return;
    }
    size_t len = 0;
    for (size_t i = 0; i + 1 < sizeof all / sizeof all[0]; i++) {
        len += (size_t)snprintf(resources->text + len, sizeof resources->text - len, "%s<%s>%s;%s",
                                i > 0 ? "," : "", all[i].path, all[i].attributes,
                                request->in_group ? "gosc" : "osc");
    }
    content(answer, gosc_span_of(resources->text, len));
    answer->format = IO_FORMAT_LINKS;
}

void io_resources_answer(io_resources *resources, const io_app_request *request, io_app_answer *answer)
{
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(all[i].path, request->path) == 0 && !request->is_plain) {
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
