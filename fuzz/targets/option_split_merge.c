/* SPDX-License-Identifier: BSD-2-Clause */
/* Options taken apart for protection and put together again, against a model that sorts a list. */
#include "common.h"
#include "model.h"

static model_message plain, opened, outer, inner, merged;

static void check_classes(const model_message *list, bool is_outer)
{
    for (size_t i = 0; i < list->n_options; i++) {
        uint32_t number = list->options[i].number;
        bool u = model_is_u(number);
        FUZZ_CHECK(is_outer ? u || number == GOSC_OPTION_OBSERVE : !u, "class E inside, class U outside");
    }
}

void fuzz_target(fuzz_input *in)
{
    bool is_request = fuzz_bool(in);
    /* Room that may be short: a refusal then, and nothing written behind it. */
    size_t less_inner = fuzz_u8(in);
    size_t less_outer = fuzz_u8(in);
    gosc_span oscore = fuzz_bytes(in, fuzz_u8(in));
    gosc_span content = fuzz_rest(in);
    gosc_coap_pdu pdu = {.code = is_request ? 0x01 : 0x45};
    if (gosc_coap_content_parse(content, &pdu.options, &pdu.payload) != GOSC_OK) {
        return;
    }
    FUZZ_CHECK(model_content_parse(content, &plain), "the second decoder agrees");
    size_t most = content.len + content.len / 8 + 600;
    gosc_buf room = fuzz_room(content.len);
    gosc_writer to_inner;
    gosc_writer to_outer;
    bool observe = false;
    gosc_writer_init(&to_inner, fuzz_room(most >> less_inner % 8));
    gosc_writer_init(&to_outer, fuzz_room(most >> less_outer % 8));
    gosc_err err = gosc_options_split(&pdu, is_request, oscore, &to_inner, &to_outer, &observe);
    bool cuts = model_opened(&plain, is_request, room, &opened);
    if (!cuts || model_count(&plain, GOSC_OPTION_OSCORE) > 0) {
        FUZZ_CHECK(err == GOSC_ERR_COAP_MALFORMED || err == GOSC_ERR_ALREADY_PROTECTED,
                   "refused for a reason");
        FUZZ_CHECK(err == (cuts ? GOSC_ERR_ALREADY_PROTECTED : err), "for that reason");
        return;
    }
    if (less_inner % 8 != 0 || less_outer % 8 != 0) {
        FUZZ_CHECK(err == GOSC_OK || err == GOSC_ERR_ROOM, "room is all that can be missing");
    } else {
        FUZZ_CHECK(err == GOSC_OK, "a message that can be split is split");
    }
    if (err != GOSC_OK) {
        return;
    }
    FUZZ_CHECK(model_content_parse(gosc_writer_span(&to_inner), &inner) &&
                   model_content_parse(gosc_writer_span(&to_outer), &outer),
               "two lists of options");
    FUZZ_CHECK(model_count(&outer, GOSC_OPTION_OSCORE) == 1 &&
                   gosc_span_equal(model_find(&outer, GOSC_OPTION_OSCORE)->value, oscore),
               "the OSCORE option is among the outer ones");
    FUZZ_CHECK(observe == (model_count(&plain, GOSC_OPTION_OBSERVE) > 0), "Observe is told");
    check_classes(&outer, true);
    check_classes(&inner, false);

    gosc_writer writer;
    gosc_writer_init(&writer, fuzz_room(most));
    FUZZ_CHECK(gosc_options_merge(gosc_writer_span(&to_outer), gosc_writer_span(&to_inner), &writer) ==
                   GOSC_OK,
               "what was split is merged");
    FUZZ_CHECK(model_content_parse(gosc_writer_span(&writer), &merged), "a list of options");
    opened.payload = merged.payload;
    FUZZ_CHECK(model_equal(&opened, &merged, false), "the application gets back what the other one gave");
}
