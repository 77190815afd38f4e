/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening: every cut and every flipped bit of each shape of message with Ed25519 (sweep.h), and edits of what
 * stands in the clear, which are told as harmless or are refused. Other algorithms are in
 * test_unprotect_algorithms.c, what opening does over several messages in plain/test_unprotect_*.c.
 */
#include "unprotect.h"

#include "sweep.h"

static scene s;

/* ---- edits ---- */

typedef enum change {
    KEEP,
    STRIP,
    ADD,
    ADD_OTHER,
    ADD_LONG, /* a kid of eight bytes: no nonce has room for it */
} change;

/* What is done to the option and beside it; the rest of the message stays. */
typedef struct edit {
    const char *text;
    const char *shape;
    unsigned pad; /* zero bytes before the Partial IV */
    change context, kid;
    bool lone_zero;  /* 00 for an empty option value */
    uint16_t outer;  /* an option added outside, with value "x" */
    bool drop_outer; /* all options but OSCORE removed */
    bool append;     /* a byte behind the payload */
    bool no_payload;
    gosc_err wanted;
} edit;

static const edit edits[] = {
    {.text = "O-5-04 a padded Partial IV in a request",
     .shape = "oscore request",
     .pad = 1,
     .wanted = GOSC_ERR_DECRYPTION_FAILED},
    {.text = "G02-3-13 a padded Partial IV in a request",
     .shape = "group-02 request",
     .pad = 1,
     .wanted = GOSC_ERR_DECRYPTION_FAILED},
    {.text = "GO-4.1-15 a padded Partial IV in a request",
     .shape = "group-28 group request",
     .pad = 1,
     .wanted = GOSC_ERR_SIGNATURE_INVALID},
    {.text = "O-5-05 a padded Partial IV in a response is the same number",
     .shape = "oscore response with Partial IV",
     .pad = 2,
     .wanted = GOSC_OK},
    {.text = "O-5-05 padded to six bytes it is none",
     .shape = "oscore response with Partial IV",
     .pad = 5,
     .wanted = GOSC_ERR_OPTION_MALFORMED},
    {.text = "G02-3-13 in group-02 too: nothing covers the option",
     .shape = "group-02 response with Partial IV",
     .pad = 1,
     .wanted = GOSC_OK},
    {.text = "GO-3.4-15 in group-28 the option is in the AAD",
     .shape = "group-28 group response to group request, with Partial IV",
     .pad = 1,
     .wanted = GOSC_ERR_SIGNATURE_INVALID},
    {.text = "GO-3.4-15 in pairwise mode too",
     .shape = "group-28 pairwise response to pairwise request, with Partial IV",
     .pad = 1,
     .wanted = GOSC_ERR_DECRYPTION_FAILED},
    {.text = "O-5.1-01 kid context stripped from a request",
     .shape = "oscore request with kid context",
     .context = STRIP,
     .wanted = GOSC_OK},
    {.text = "O-5.1-01 kid context added to a request",
     .shape = "oscore request",
     .context = ADD,
     .wanted = GOSC_OK},
    {.text = "O-5-12 another kid context added",
     .shape = "oscore request",
     .context = ADD_OTHER,
     .wanted = GOSC_ERR_CONTEXT_NOT_FOUND},
    {.text = "GO-3.2-04 kid context stripped from a group request",
     .shape = "group-28 group request",
     .context = STRIP,
     .wanted = GOSC_ERR_KID_CONTEXT_MISSING},
    {.text = "G02-3-07 kid context stripped from a group request",
     .shape = "group-02 request",
     .context = STRIP,
     .wanted = GOSC_ERR_KID_CONTEXT_MISSING},
    {.text = "O-5-08 kid stripped from a request",
     .shape = "oscore request",
     .kid = STRIP,
     .wanted = GOSC_ERR_KID_MISSING},
    {.text = "GO-3.2-05 kid stripped from a group request",
     .shape = "group-28 group request",
     .kid = STRIP,
     .wanted = GOSC_ERR_KID_MISSING},
    {.text = "GO-3.2-02 kid stripped from a response to a group request",
     .shape = "group-28 group response to group request",
     .kid = STRIP,
     .wanted = GOSC_ERR_KID_MISSING},
    {.text = "O-5-13 a kid added to a response is not looked at",
     .shape = "oscore response",
     .kid = ADD,
     .wanted = GOSC_OK},
    {.text = "O-5-13 nor another member's", .shape = "oscore response", .kid = ADD_OTHER, .wanted = GOSC_OK},
    {.text = "O-5-13 nor a kid context", .shape = "oscore response", .context = ADD_OTHER, .wanted = GOSC_OK},
    {.text = "G02-4.4-02 kid context added to a response, the request's",
     .shape = "group-02 response",
     .context = ADD,
     .wanted = GOSC_OK},
    {.text = "G02-4.4-02 kid context stripped from a response",
     .shape = "group-02 response with kid context",
     .context = STRIP,
     .wanted = GOSC_OK},
    {.text = "G02-4.4-02 another kid context in a response",
     .shape = "group-02 response",
     .context = ADD_OTHER,
     .wanted = GOSC_ERR_CONTEXT_NOT_FOUND},
    {.text = "GO-3.4-15 kid context added to a response",
     .shape = "group-28 group response to group request",
     .context = ADD,
     .wanted = GOSC_ERR_SIGNATURE_INVALID},
    {.text = "GO-3.4-15 kid context stripped from a response",
     .shape = "group-28 group response to group request, with kid context",
     .context = STRIP,
     .wanted = GOSC_ERR_SIGNATURE_INVALID},
    {.text = "GO-3.4-15 kid added to a pairwise response",
     .shape = "group-28 pairwise response to pairwise request",
     .kid = ADD,
     .wanted = GOSC_ERR_DECRYPTION_FAILED},
    {.text = "GO-7.4-09 another member's kid added",
     .shape = "group-28 pairwise response to pairwise request",
     .kid = ADD_OTHER,
     .wanted = GOSC_ERR_RESPONDER_MISMATCH},
    {.text = "GO-3.4-15 kid stripped from a pairwise response",
     .shape = "group-28 pairwise response to pairwise request, with kid",
     .kid = STRIP,
     .wanted = GOSC_ERR_DECRYPTION_FAILED},
    {.text = "O-6.1-09 a lone zero byte is no field",
     .shape = "oscore response",
     .lone_zero = true,
     .wanted = GOSC_OK},
    {.text = "GO-4.1-12 in group-28 it is in the AAD",
     .shape = "group-28 pairwise response to pairwise request",
     .lone_zero = true,
     .wanted = GOSC_ERR_DECRYPTION_FAILED},
    {.text = "O-8.2-01 an outer Uri-Path is dropped",
     .shape = "oscore request",
     .outer = 11,
     .wanted = GOSC_OK},
    {.text = "O-4.1.2-01 an outer Uri-Host is kept",
     .shape = "oscore request",
     .outer = 3,
     .wanted = GOSC_OK},
    {.text = "O-8.4-01 an outer Observe in a response is dropped",
     .shape = "oscore response",
     .outer = 6,
     .wanted = GOSC_OK},
    {.text = "O-2-05 a second OSCORE option",
     .shape = "oscore request",
     .outer = 9,
     .wanted = GOSC_ERR_OPTION_REPEATED},
    {.text = "O-4.1-03 outer options removed on the way",
     .shape = "oscore request with outer options",
     .drop_outer = true,
     .wanted = GOSC_OK},
    {.text = "G02-4.1-04 the same in group-02",
     .shape = "group-02 request with outer options",
     .drop_outer = true,
     .wanted = GOSC_OK},
    {.text = "GO-7.2-17 the same in group-28",
     .shape = "group-28 group request with outer options",
     .drop_outer = true,
     .wanted = GOSC_OK},
    {.text = "GO-7.2-17 an outer Uri-Path in group-28",
     .shape = "group-28 pairwise request",
     .outer = 11,
     .wanted = GOSC_OK},
    {.text = "O-6.2-01 a byte behind the tag",
     .shape = "oscore request",
     .append = true,
     .wanted = GOSC_ERR_DECRYPTION_FAILED},
    {.text = "GO-4.1-01 a byte behind the signature",
     .shape = "group-28 group request",
     .append = true,
     .wanted = GOSC_ERR_SIGNATURE_INVALID},
    {.text = "O-2-02 no payload",
     .shape = "oscore request",
     .no_payload = true,
     .wanted = GOSC_ERR_PAYLOAD_MISSING},
    {.text = "O-2-02 no payload in a response",
     .shape = "oscore response",
     .no_payload = true,
     .wanted = GOSC_ERR_PAYLOAD_MISSING},
    {.text = "G02-3-15 no payload",
     .shape = "group-02 request",
     .no_payload = true,
     .wanted = GOSC_ERR_PAYLOAD_MISSING},
    {.text = "GO-4.1-13 no payload",
     .shape = "group-28 group request",
     .no_payload = true,
     .wanted = GOSC_ERR_PAYLOAD_MISSING},
    {.text = "O-3.3-02 a kid of eight bytes",
     .shape = "oscore request",
     .kid = ADD_LONG,
     .wanted = GOSC_ERR_OPTION_MALFORMED},
    {.text = "O-3.3-02 a kid of eight bytes in a response",
     .shape = "oscore response",
     .kid = ADD_LONG,
     .wanted = GOSC_ERR_OPTION_MALFORMED},
    {.text = "GO-2.2-02 a kid of eight bytes",
     .shape = "group-28 pairwise request",
     .kid = ADD_LONG,
     .wanted = GOSC_ERR_OPTION_MALFORMED},
    {.text = "G02-3-14 a kid of eight bytes behind the signature",
     .shape = "group-02 request",
     .kid = ADD_LONG,
     .wanted = GOSC_ERR_OPTION_MALFORMED},
};

/* The option value of the message, edited. */
static void edit_value(const edit *e, gosc_span value, gosc_writer *w)
{
    gosc_reader r;
    gosc_reader_init(&r, value);
    uint8_t flags = gosc_read_u8(&r);
    gosc_span piv = gosc_read_bytes(&r, flags & 7U);
    gosc_span context = (flags & 0x10) != 0 ? gosc_read_bytes(&r, gosc_read_u8(&r)) : GOSC_ABSENT;
    bool in_option = s.set.dialect->signature_in_option;
    gosc_span signature = in_option ? gosc_read_bytes(&r, gosc_signature_len(s.set.signature)) : GOSC_ABSENT;
    gosc_span kid = gosc_read_rest(&r);
    if (e->lone_zero) {
        gosc_write_u8(w, 0);
        return;
    }
    context = e->context == STRIP       ? GOSC_ABSENT
              : e->context == ADD       ? s.gid
              : e->context == ADD_OTHER ? gosc_span_of("other", 5)
                                        : context;
    kid = e->kid == STRIP       ? GOSC_EMPTY
          : e->kid == ADD       ? s.people[BOB].id
          : e->kid == ADD_OTHER ? s.people[CAROL].id
          : e->kid == ADD_LONG  ? gosc_span_of("12345678", 8)
                                : kid;
    flags = (uint8_t)((flags & 0xe8U) | (piv.len + e->pad) | (context.ptr != NULL ? 0x10U : 0));
    flags = (uint8_t)(e->kid == STRIP ? flags & 0xf7U : e->kid != KEEP ? flags | 8U : flags);
    gosc_write_u8(w, flags);
    for (unsigned i = 0; i < e->pad; i++) {
        gosc_write_u8(w, 0);
    }
    gosc_write_bytes(w, piv);
    if (context.ptr != NULL) {
        gosc_write_u8(w, (uint8_t)context.len);
        gosc_write_bytes(w, context);
    }
    gosc_write_bytes(w, signature);
    gosc_write_bytes(w, kid);
}

/* The message in wire, edited, in exact memory. */
static gosc_span edit_message(const edit *e)
{
    uint8_t value[300], options[600], whole[1200];
    gosc_writer v, w;
    gosc_coap_pdu pdu;
    gosc_option_iter iter;
    gosc_coap_option option;
    uint16_t previous = 0;
    bool added = e->outer == 0;
    scene_need(gosc_coap_pdu_parse(scene_sent(&s), &pdu), "parse");
    gosc_writer_init(&v, (gosc_buf){value, sizeof value});
    edit_value(e, gosc_option_find(pdu.options, GOSC_OPTION_OSCORE), &v);
    gosc_writer_init(&w, (gosc_buf){options, sizeof options});
    gosc_option_iter_init(&iter, pdu.options);
    while (gosc_option_next(&iter, &option)) {
        if (!added && option.number > e->outer) {
            gosc_option_write(&w, &previous, e->outer, gosc_span_of("x", 1));
            added = true;
        }
        if (option.number == GOSC_OPTION_OSCORE) {
            gosc_option_write(&w, &previous, GOSC_OPTION_OSCORE, gosc_writer_span(&v));
        } else if (!e->drop_outer) {
            gosc_option_write(&w, &previous, option.number, option.value);
        }
    }
    if (!added) {
        gosc_option_write(&w, &previous, e->outer, gosc_span_of("x", 1));
    }
    pdu.options = gosc_writer_span(&w);
    gosc_writer_init(&v, (gosc_buf){whole, sizeof whole});
    pdu.payload = e->no_payload ? GOSC_ABSENT : pdu.payload;
    gosc_coap_pdu_write(&v, &pdu);
    if (e->append) {
        gosc_write_u8(&v, 0);
    }
    if (v.failed || w.failed) {
        printf("Bail out! no room for an edited message\n");
        exit(EXIT_FAILURE);
    }
    return bytes_copy(gosc_writer_span(&v));
}

static const shape *shape_named(const char *name)
{
    size_t i = 0;
    while (strcmp(shapes[i].name, name) != 0) {
        i++;
    }
    return &shapes[i];
}

/* Where an edit is harmless, the message it was made of is the same one to the replay state. */
static void edit_rows(void)
{
    for (size_t i = 0; i < COUNT(edits); i++) {
        const shape *f = shape_named(edits[i].shape);
        const char *fault;
        shape_make(&s, f, f->set);
        gosc_span edited = edit_message(&edits[i]);
        gosc_err err = sweep_try(&s, f, edited, &fault);
        if (fault != NULL) {
            printf("# %s\n", fault);
        }
        scene_says(fault == NULL ? err : GOSC_ERR_USAGE, edits[i].wanted, edits[i].text);
        if (edits[i].wanted == GOSC_OK) {
            char text[160];
            uint8_t out[300];
            const gosc_buf room = {out, sizeof out};
            (void)snprintf(text, sizeof text, "%s, and counts as the original", edits[i].text);
            (void)shape_open(&s, f, edited, scene_scratch(&s), room);
            scene_says(shape_open(&s, f, scene_sent(&s), scene_scratch(&s), room),
                       f->is_response ? GOSC_ERR_RESPONSE_REPLAY : GOSC_ERR_REPLAY, text);
        }
        bytes_free(edited);
    }
}

int main(int argc, char **argv)
{
    tap_seed(argc, argv);
    for (size_t i = 0; i < COUNT(shapes); i++) {
        sweep_shape(&s, &shapes[i], shapes[i].set, true, 0);
    }
    sweep_table();
    edit_rows();
    return tap_done();
}
