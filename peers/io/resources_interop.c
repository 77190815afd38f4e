/* SPDX-License-Identifier: BSD-2-Clause */
#include "resources_interop.h"

#include <string.h>

static const char observed_path[] = "/oscore/observe"; /* and a digit */
static const char terminate[] = "Terminate Observe";

static gosc_span text_span(const char *text)
{
    return gosc_span_of(text, strlen(text));
}

void io_interop_init(io_interop_resources *resources)
{
    for (size_t i = 0; i < IO_INTEROP_OBSERVED; i++) {
        memcpy(resources->observed[i], "one", 3);
        resources->observed_len[i] = 3;
    }
}

/* observed_index gives which of the observable resources a path is; IO_INTEROP_OBSERVED: none. */
static size_t observed_index(const char *path)
{
    size_t len = sizeof observed_path - 1;
    bool is = strncmp(path, observed_path, len) == 0 && path[len] >= '1' &&
              path[len] < '1' + IO_INTEROP_OBSERVED && path[len + 1] == '\0';
    return is ? (size_t)(path[len] - '1') : (size_t)IO_INTEROP_OBSERVED;
}

static void content(io_app_answer *answer, uint8_t code, gosc_span payload)
{
    answer->code = code;
    answer->has_format = true;
    answer->format = IO_FORMAT_TEXT;
    answer->payload = payload;
}

static void hello(const io_app_request *request, io_app_answer *answer)
{
    if (request->code == GOSC_CODE_GET) {
        content(answer, GOSC_CODE_CONTENT, text_span("Hello World!"));
    }
}

static void hello_2(const io_app_request *request, io_app_answer *answer)
{
    hello(request, answer);
    answer->etag = text_span("\x2b");
}

static void hello_3(const io_app_request *request, io_app_answer *answer)
{
    hello(request, answer);
    answer->has_max_age = true;
    answer->max_age = 5;
}

static void echoed(const io_app_request *request, io_app_answer *answer)
{
    if (request->code == GOSC_CODE_POST) {
        content(answer, GOSC_CODE_CHANGED, request->payload);
    }
}

/* conditional: the resource exists and its entity-tag is 7b (RFC 7252 section 5.10.8). */
static void conditional(const io_app_request *request, io_app_answer *answer)
{
    gosc_span match = gosc_option_find(request->options, GOSC_OPTION_IF_MATCH);
    if (request->code != IO_CODE_PUT) {
        return;
    }
    bool other = gosc_span_present(match) && match.len > 0 && !gosc_span_equal(match, text_span("\x7b"));
    bool fails = other || gosc_span_present(gosc_option_find(request->options, IO_OPTION_IF_NONE_MATCH));
    answer->code = fails ? IO_CODE_PRECONDITION_FAILED : GOSC_CODE_CHANGED;
}

static void deletable(const io_app_request *request, io_app_answer *answer)
{
    if (request->code == IO_CODE_DELETE) {
        answer->code = IO_CODE_DELETED;
    }
}

static const struct {
    const char *path;
    bool is_open; /* without OSCORE too */
    void (*answer)(const io_app_request *request, io_app_answer *answer);
} all[] = {
    {"/oscore/hello/coap", true, hello}, {"/oscore/hello/1", false, hello},
    {"/oscore/hello/2", false, hello_2}, {"/oscore/hello/3", false, hello_3},
    {"/oscore/hello/6", false, echoed},  {"/oscore/hello/7", false, conditional},
    {"/oscore/test", false, deletable},
};

static void observed(const io_interop_resources *resources, size_t i, const io_app_request *request,
                     io_app_answer *answer)
{
    gosc_span value = gosc_span_of(resources->observed[i], resources->observed_len[i]);
    if (request->code == GOSC_CODE_GET && gosc_span_equal(value, text_span(terminate))) {
        answer->code = IO_CODE_INTERNAL;
        answer->payload = value;
    } else if (request->code == GOSC_CODE_GET) {
        content(answer, GOSC_CODE_CONTENT, value);
        answer->observable = true;
    }
}

void io_interop_answer(const io_interop_resources *resources, const io_app_request *request,
                       io_app_answer *answer)
{
    size_t which = observed_index(request->path);
    answer->code = IO_CODE_NOT_FOUND;
    if (which < IO_INTEROP_OBSERVED && !request->is_plain) {
        answer->code = IO_CODE_METHOD_NOT_ALLOWED;
        observed(resources, which, request, answer);
        return;
    }
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(all[i].path, request->path) == 0 && (all[i].is_open || !request->is_plain)) {
            answer->code = IO_CODE_METHOD_NOT_ALLOWED;
            all[i].answer(request, answer);
            return;
        }
    }
}

bool io_interop_change(io_interop_resources *resources, const char *path, gosc_span payload)
{
    size_t which = observed_index(path);
    if (which >= IO_INTEROP_OBSERVED || payload.len == 0 || payload.len > IO_INTEROP_VALUE_MAX) {
        return false;
    }
    memcpy(resources->observed[which], payload.ptr, payload.len);
    resources->observed_len[which] = payload.len;
    return true;
}
