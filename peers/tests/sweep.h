/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A protected message, cut at every byte and with every single bit flipped: each variant is refused for a
 * reason of the list, or it is accepted because no text protects that bit. Which bits those are is the table
 * below, with the reason; a variant accepted outside the table, one refused inside it, and a row that no
 * variant met, are failures. After each refusal the state is the one before, no message is handed out, and
 * nothing is left in the memory lent.
 */
#ifndef MUSTER_SWEEP_H
#define MUSTER_SWEEP_H

#include "shapes.h"

/* ---- where a bit stands ---- */

typedef enum field {
    F_VERSION,
    F_TYPE,
    F_TKL,
    F_CODE_CLASS,
    F_CODE_DETAIL,
    F_MESSAGE_ID,
    F_TOKEN,
    F_BEFORE_HEAD, /* an outer option before the OSCORE option: delta and length */
    F_BEFORE_VALUE,
    F_OSCORE_HEAD,
    F_FLAGS,
    F_PIV,
    F_CONTEXT_LEN,
    F_CONTEXT,
    F_KID,
    F_AFTER_HEAD, /* an outer option behind it */
    F_AFTER_VALUE,
    F_MARKER,
    F_CIPHERTEXT, /* with tag */
    F_SIGNATURE,
    N_FIELDS,
} field;

static const char *const field_names[] = {"version",
                                          "type",
                                          "TKL",
                                          "code class",
                                          "code detail",
                                          "Message ID",
                                          "token",
                                          "option head",
                                          "option value",
                                          "OSCORE head",
                                          "flags",
                                          "Partial IV",
                                          "kid context length",
                                          "kid context",
                                          "kid",
                                          "option head behind",
                                          "option value behind",
                                          "payload marker",
                                          "ciphertext",
                                          "signature"};

/* The field of every bit of a message that was protected well; a second reading of the format, option nibbles
 * up to 13. */
static inline void field_map(gosc_span wire, const scene *s, bool group_mode, uint8_t *map)
{
    const uint8_t *b = wire.ptr;
    size_t tkl = b[0] & 15U;
    size_t at = 4 + tkl;
    unsigned number = 0;
    memset(map, F_CIPHERTEXT, 8 * wire.len);
    for (size_t bit = 0; bit < 8 * at; bit++) {
        map[bit] = (uint8_t)(bit < 4    ? F_TKL
                             : bit < 6  ? F_TYPE
                             : bit < 8  ? F_VERSION
                             : bit < 13 ? F_CODE_DETAIL
                             : bit < 16 ? F_CODE_CLASS
                             : bit < 32 ? F_MESSAGE_ID
                                        : F_TOKEN);
    }
    size_t signature = group_mode ? gosc_signature_len(s->set.signature) : 0;
    bool in_option = s->set.dialect->signature_in_option;
    while (b[at] != 0xff) {
        size_t delta = b[at] >> 4, len = b[at] & 15, head = 1;
        delta += delta == 13 ? b[at + head++] : 0U;
        len += len == 13 ? b[at + head++] : 0U;
        number += (unsigned)delta;
        field h = number < 9 ? F_BEFORE_HEAD : number == 9 ? F_OSCORE_HEAD : F_AFTER_HEAD;
        memset(map + 8 * at, (int)h, 8 * head);
        at += head;
        memset(map + 8 * at, number < 9 ? F_BEFORE_VALUE : F_AFTER_VALUE, 8 * len);
        if (number == 9 && len > 0) {
            size_t n = b[at] & 7U, context = (b[at] & 0x10) != 0 ? b[at + 1 + n] : 0U;
            size_t p = 8 * at;
            memset(map + p, F_KID, 8 * len);
            memset(map + p, F_FLAGS, 8);
            memset(map + p + 8, F_PIV, 8 * n);
            p += 8 + 8 * n;
            if ((b[at] & 0x10) != 0) {
                memset(map + p, F_CONTEXT_LEN, 8);
                memset(map + p + 8, F_CONTEXT, 8 * context);
                p += 8 + 8 * context;
            }
            memset(map + p, F_SIGNATURE, in_option ? 8 * signature : 0);
        }
        at += len;
    }
    memset(map + 8 * at, F_MARKER, 8);
    if (!in_option) {
        memset(map + 8 * (wire.len - signature), F_SIGNATURE, 8 * signature);
    }
}

/* ---- what no text protects ---- */

enum {
    OSCORE = 1,
    GROUP_02 = 2,
    GROUP_28 = 4,
    ANY = 7,
    REQUEST = 1,
    RESPONSE = 2,
    BOTH = 3,
};

typedef struct unprotected {
    field where;
    unsigned dialects, directions;
    uint8_t bits;   /* of the byte; others of that field are protected */
    bool only_some; /* not each of these flips gives a message that parses */
    const char *text;
    unsigned n_seen;
} unprotected;

static unprotected open_bits[] = {
    {F_TYPE, ANY, BOTH, 0x30, false, "O-4-03 the type belongs to the message layer", 0},
    {F_MESSAGE_ID, ANY, BOTH, 0xff, false, "O-4-03 so does the Message ID", 0},
    {F_TOKEN, ANY, REQUEST, 0xff, false, "O-4-03 a server hands the Token of a request back, whatever it is",
     0},
    {F_CODE_DETAIL, ANY, BOTH, 0x1f, true,
     "O-4.2-03 the Outer Code is discarded; 0.00 alone is another message", 0},
    {F_BEFORE_VALUE, ANY, REQUEST, 0xff, false, "O-4-03 values of class U are not protected (Uri-Host)", 0},
    {F_AFTER_VALUE, ANY, REQUEST, 0xff, true, "O-4-03 nor behind the OSCORE option (Proxy-Scheme)", 0},
    {F_AFTER_HEAD, ANY, REQUEST, 0xff, true,
     "O-4.1-03 an outer option may become another: it is dropped, or class U", 0},
    {F_FLAGS, OSCORE, RESPONSE, 0x08, false,
     "O-5-13 an unexpected kid in a response changes nothing (an empty one)", 0},
};

static inline unsigned dialect_bit(const scene *s)
{
    return s->set.dialect->has_modes ? GROUP_28 : s->set.dialect->group != NULL ? GROUP_02 : OSCORE;
}

static inline unprotected *open_row(const scene *s, const shape *f, field where, size_t bit)
{
    for (size_t i = 0; i < COUNT(open_bits); i++) {
        unprotected *u = &open_bits[i];
        if (u->where == where && (u->dialects & dialect_bit(s)) != 0 &&
            (u->directions & (f->is_response ? RESPONSE : REQUEST)) != 0 &&
            (u->bits & (1U << bit % 8)) != 0) {
            return u;
        }
    }
    return NULL;
}

/* ---- reasons ---- */

/* Reasons that opening may give (vectors/README.md), and those that a field must give, where it is only one.
 */
static inline bool is_reason(gosc_err err)
{
    return (err >= GOSC_ERR_NOT_OSCORE && err <= GOSC_ERR_PAYLOAD_SHORT) ||
           (err >= GOSC_ERR_CONTEXT_NOT_FOUND && err <= GOSC_ERR_RESPONSE_OLD &&
            err != GOSC_ERR_CONTEXT_INVALID && err != GOSC_ERR_ALGORITHM_UNKNOWN) ||
           err == GOSC_ERR_DECRYPTION_FAILED || err == GOSC_ERR_SIGNATURE_INVALID;
}

/* The one reason for a flip in that field, GOSC_OK where the value decides. */
static inline gosc_err reason_of(const scene *s, const shape *f, field where, bool group_mode)
{
    bool is_28 = s->set.dialect->has_modes;
    gosc_err sealed = is_28 && group_mode ? GOSC_ERR_SIGNATURE_INVALID : GOSC_ERR_DECRYPTION_FAILED;
    switch (where) {
    case F_VERSION:
    case F_CODE_CLASS:
        return GOSC_ERR_COAP_MALFORMED;
    case F_TOKEN:
        return GOSC_ERR_TOKEN_MISMATCH;
    case F_CONTEXT:
        return s->set.dialect->group != NULL || !f->is_response ? GOSC_ERR_CONTEXT_NOT_FOUND : GOSC_OK;
    case F_CIPHERTEXT:
        return sealed;
    case F_SIGNATURE:
        return GOSC_ERR_SIGNATURE_INVALID;
    case F_TYPE:
    case F_TKL:
    case F_CODE_DETAIL:
    case F_MESSAGE_ID:
    case F_BEFORE_HEAD:
    case F_BEFORE_VALUE:
    case F_OSCORE_HEAD:
    case F_FLAGS:
    case F_PIV:
    case F_CONTEXT_LEN:
    case F_KID:
    case F_AFTER_HEAD:
    case F_AFTER_VALUE:
    case F_MARKER:
    case N_FIELDS:
        break;
    }
    return GOSC_OK;
}

/* ---- one try ---- */

enum {
    SWEEP_CANARY = 0xc5,
};

static const uint8_t sweep_secret[] = {'l', 'a', 'm', 'p'};

/* Opens exact memory and puts the state back. `fault` says what was wrong beside the result, NULL for
 * nothing. */
static inline gosc_err sweep_try(scene *s, const shape *f, gosc_span datagram, const char **fault)
{
    static scene_member before;
    scene_member *m = &s->members[shape_receiver(f)];
    const size_t out_len = datagram.len + 16;
    const size_t scratch_len = gosc_scratch_len(datagram.len, SCENE_CREDENTIAL_MAX);
    memcpy(&before, m, sizeof before);
    uint8_t *scratch = bytes_room(scratch_len);
    uint8_t *out = bytes_room(out_len);
    memset(scratch, SWEEP_CANARY, scratch_len);
    memset(out, SWEEP_CANARY, out_len);
    s->received.message = SPAN(sweep_secret);
    gosc_err err = shape_open(s, f, datagram, (gosc_buf){scratch, scratch_len}, (gosc_buf){out, out_len});
    *fault = NULL;
    if (err == GOSC_OK) {
        gosc_span message = s->received.message;
        if (!bytes_inside(message, gosc_span_of(out, out_len)) || scene_same(&before, m)) {
            *fault = "accepted, but no message or no new state";
        }
    } else if (!scene_same(&before, m)) {
        *fault = "refused, but the state moved";
    } else if (gosc_span_present(s->received.message)) {
        *fault = "refused, but there is a message";
    } else if (!scene_all(out, SWEEP_CANARY, out_len) && !scene_all(out, 0, out_len)) {
        *fault = "refused, but something is left in out";
    }
    if (*fault == NULL &&
        scene_holds(scratch, scratch_len, f->is_response ? gosc_span_of("lit", 3) : SPAN(sweep_secret))) {
        *fault = "plaintext is left in scratch";
    }
    memcpy(m, &before, sizeof before);
    bytes_free(gosc_span_of(scratch, scratch_len));
    bytes_free(gosc_span_of(out, out_len));
    return err;
}

static inline bool sweep_complain(const char *what, field where, size_t bit, gosc_err err, gosc_span datagram)
{
    printf("# %s: %s, bit %zu, %s\n", what, field_names[where], bit, gosc_err_name(err));
    tap_note("message", datagram.len, datagram.ptr, datagram.len);
    return false;
}

static inline bool sweep_flip(scene *s, const shape *f, bool group_mode, const uint8_t *map, size_t bit)
{
    const char *fault;
    gosc_span datagram = bytes_flip(scene_sent(s), bit);
    field where = (field)map[bit];
    unprotected *row = open_row(s, f, where, bit);
    gosc_err err = sweep_try(s, f, datagram, &fault);
    gosc_err wanted = reason_of(s, f, where, group_mode);
    bool good = true;
    if (fault != NULL) {
        good = sweep_complain(fault, where, bit, err, datagram);
    } else if (err == GOSC_OK && row == NULL) {
        good = sweep_complain("accepted though protected", where, bit, err, datagram);
    } else if (err != GOSC_OK && row != NULL && !row->only_some) {
        good = sweep_complain("refused though unprotected", where, bit, err, datagram);
    } else if (err != GOSC_OK && (!is_reason(err) || (row == NULL && wanted != GOSC_OK && err != wanted))) {
        good = sweep_complain("refused for another reason", where, bit, err, datagram);
    }
    if (err == GOSC_OK && row != NULL) {
        row->n_seen++;
    }
    bytes_free(datagram);
    return good;
}

/* Every length shorter than the message. */
static inline bool sweep_cuts(scene *s, const shape *f)
{
    bool good = true;
    for (size_t len = 0; len < s->wire_len; len++) {
        const char *fault;
        gosc_span datagram = bytes_copy(gosc_span_of(s->wire, len));
        gosc_err err = sweep_try(s, f, datagram, &fault);
        if (fault != NULL || !is_reason(err)) {
            good = sweep_complain(fault != NULL ? fault : "cut", F_VERSION, 8 * len, err, datagram);
        }
        bytes_free(datagram);
    }
    return good;
}

/* The message itself: accepted once, the second time it was seen. */
static inline bool sweep_control(scene *s, const shape *f)
{
    const char *fault;
    static scene_member before;
    scene_member *m = &s->members[shape_receiver(f)];
    memcpy(&before, m, sizeof before);
    gosc_span datagram = bytes_copy(scene_sent(s));
    gosc_err err = sweep_try(s, f, datagram, &fault);
    bool good = err == GOSC_OK && fault == NULL;
    uint8_t out[300];
    (void)shape_open(s, f, datagram, scene_scratch(s), (gosc_buf){out, sizeof out});
    err = sweep_try(s, f, datagram, &fault);
    good = good && fault == NULL && err == (f->is_response ? GOSC_ERR_RESPONSE_REPLAY : GOSC_ERR_REPLAY);
    memcpy(m, &before, sizeof before);
    bytes_free(datagram);
    return good;
}

/*
 * sweep_shape tries one message. step 1: every bit; more: one bit of each run of the same field, and n_chance
 * others.
 */
static inline void sweep_shape(scene *s, const shape *f, const scene_set *set, bool whole, unsigned n_chance)
{
    static uint8_t map[8 * SCENE_ROOM];
    char text[200];
    shape_make(s, f, set);
    bool group_mode = set->dialect->group != NULL && shape_how(s, f).group_mode;
    field_map(scene_sent(s), s, group_mode, map);
    const char *id = set->dialect->has_modes       ? "GO-7-09"
                     : set->dialect->group != NULL ? "G02-4-01"
                                                   : "O-8.2-06";
    (void)snprintf(text, sizeof text, "%s %s, %d %d %d: accepted once", id, f->name, (int)set->aead,
                   (int)set->group_enc, (int)set->signature);
    tap_ok(sweep_control(s, f), text);
    bool good = true;
    for (size_t bit = 0; bit < 8 * s->wire_len; bit++) {
        if (whole || bit == 0 || map[bit] != map[bit - 1]) {
            good = sweep_flip(s, f, group_mode, map, bit) && good;
        }
    }
    for (unsigned i = 0; i < n_chance; i++) {
        good = sweep_flip(s, f, group_mode, map, tap_random(8 * s->wire_len)) && good;
    }
    (void)snprintf(text, sizeof text, "%s %s, %d %d %d: flipped bits", id, f->name, (int)set->aead,
                   (int)set->group_enc, (int)set->signature);
    tap_ok(good, text);
    (void)snprintf(text, sizeof text, "%s %s, %d %d %d: cut", id, f->name, (int)set->aead,
                   (int)set->group_enc, (int)set->signature);
    tap_ok(!whole || sweep_cuts(s, f), text);
}

/* sweep_table: each row of what is not protected was met. */
static inline void sweep_table(void)
{
    for (size_t i = 0; i < COUNT(open_bits); i++) {
        if (!tap_ok(open_bits[i].n_seen > 0, open_bits[i].text)) {
            printf("# never accepted\n");
        }
    }
}

#endif
