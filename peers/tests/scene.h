/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A group for tests: Alice, a client with Sender ID a1; Bob, a server with the empty one; Carol, a server
 * with c0ffee. In group-28 the two modes have different algorithms, in oscore two of the three are the ends.
 * Works with either crypto adapter: the keys are those of RFC 8032 section 7.1 (tests 1 to 3) and of
 * crypto_kat.h, and under the transparent adapter each x is what that adapter takes for the public key.
 */
#ifndef MUSTER_SCENE_H
#define MUSTER_SCENE_H

#include "gosc.h"

#include "bytes.h"
#include "crypto_kat.h"
#include "tap.h"

enum {
    ALICE,
    BOB,
    CAROL,
    SCENE_PEOPLE,
    SCENE_TABLE = 3,
    SCENE_NUMBERS = 3,
    SCENE_ROOM = 4096,
    SCENE_SCRATCH = 16384,
    SCENE_CREDENTIAL_MAX = 256,
};

#define SPAN(array) gosc_span_of(array, sizeof(array))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The algorithms of a group; 0 is not set. */
typedef struct scene_set {
    const gosc_dialect *dialect;
    int32_t hkdf, aead, group_enc, signature, agreement;
} scene_set;

static const scene_set scene_oscore = {.dialect = &gosc_dialect_oscore, .hkdf = 5, .aead = 10};
static const scene_set scene_02 = {.dialect = &gosc_dialect_group_02, .hkdf = 5, .aead = 10, .signature = -8};
/* Group mode with AES-CCM-16-64-128, pairwise mode with ChaCha20/Poly1305. */
static const scene_set scene_28 = {&gosc_dialect_group_28, 5, 24, 10, -8, -27};

/* What everyone knows of a member, and its private key. */
typedef struct scene_person {
    gosc_span id;
    uint8_t private_key[GOSC_SECRET_MAX];
    uint8_t x[GOSC_SECRET_MAX];
    size_t key_len; /* bytes of both */
    uint8_t credential[SCENE_CREDENTIAL_MAX];
    size_t credential_len;
} scene_person;

/* One endpoint: all state that messages may move. */
typedef struct scene_member {
    gosc_security_context context;
    gosc_recipient_context table[SCENE_TABLE];
    gosc_exchange asked;    /* as client */
    gosc_exchange answered; /* as server */
    gosc_response_number numbers[SCENE_NUMBERS];
} scene_member;

typedef struct scene {
    scene_set set;
    gosc_span gid;
    scene_person people[SCENE_PEOPLE];
    scene_member members[SCENE_PEOPLE];
    unsigned n_lookups; /* calls of member_find */
    uint8_t wire[SCENE_ROOM];
    size_t wire_len;
    uint8_t opened[SCENE_ROOM];
    gosc_received received;
    uint8_t scratch[SCENE_SCRATCH];
} scene;

static const uint8_t scene_secret[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const uint8_t scene_salt[] = {0x9e, 0x7c, 0xa9, 0x22, 0x23, 0x78, 0x63, 0x40};
static const uint8_t scene_gid[] = {0x44, 0x61, 0x6c};
static const uint8_t scene_manager[] = {0xa1, 0x02, 0x67, 'm', 'a', 'n', 'a', 'g', 'e', 'r'};
static const char *const scene_ids[] = {"\xa1", "", "\xc0\xff\xee"};
static const uint8_t scene_id_lens[] = {1, 0, 3};
/* Names of different lengths make credentials of different lengths. */
static const char *const scene_names[] = {"alice", "bob", "carol the silent"};

/* RFC 8032 section 7.1, tests 1 to 3. */
static const char *const scene_seeds[] = {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                                          "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                                          "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"};
static const char *const scene_points[] = {
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"};

/* POST /lamp "on", token 8631; the same with Observe 0 as GET; and with what travels outside beside the
 * option. */
static const uint8_t scene_post[] = {0x52, 0x02, 0x7d, 0x41, 0x86, 0x31, 0xb4,
                                     'l',  'a',  'm',  'p',  0xff, 'o',  'n'};
static const uint8_t scene_observe[] = {0x52, 0x01, 0x7d, 0x41, 0x86, 0x31, 0x60, 0x54, 'l', 'a', 'm', 'p'};
static const uint8_t scene_content[] = {0x52, 0x45, 0x60, 0xb1, 0x86, 0x31, 0xff, 'l', 'i', 't'};
static const uint8_t scene_notice[] = {0x52, 0x45, 0x60, 0xb1, 0x86, 0x31, 0x61, 0x07, 0xff, 'l', 'i', 't'};

static inline void scene_need(gosc_err err, const char *what)
{
    if (err != GOSC_OK) {
        printf("Bail out! %s: %s\n", what, gosc_err_name(err));
        exit(EXIT_FAILURE);
    }
}

static inline size_t scene_hex(const char *hex, uint8_t *out)
{
    gosc_span bytes = bytes_hex(hex);
    memcpy(out, bytes.ptr, bytes.len);
    bytes_free(bytes);
    return bytes.len;
}

/* A CCS: {2: name, 8: {1: COSE_Key}}, written byte by byte. */
static inline void scene_credential(scene_person *p, const char *name, int32_t curve, const char *y)
{
    gosc_writer w;
    bool is_ec = curve <= GOSC_CURVE_P521;
    uint8_t y_bytes[GOSC_SECRET_MAX];
    gosc_writer_init(&w, (gosc_buf){p->credential, sizeof p->credential});
    gosc_write_bytes(&w, gosc_span_of("\xa2\x02", 2));
    gosc_write_u8(&w, (uint8_t)(0x60 + strlen(name)));
    gosc_write_bytes(&w, gosc_span_of(name, strlen(name)));
    gosc_write_bytes(&w, gosc_span_of("\x08\xa1\x01", 3));
    gosc_write_bytes(&w, is_ec ? gosc_span_of("\xa4\x01\x02\x20", 4) : gosc_span_of("\xa3\x01\x01\x20", 4));
    gosc_write_u8(&w, (uint8_t)curve);
    gosc_write_bytes(&w, gosc_span_of("\x21\x58", 2));
    gosc_write_u8(&w, (uint8_t)p->key_len);
    gosc_write_bytes(&w, gosc_span_of(p->x, p->key_len));
    if (is_ec) {
        gosc_write_bytes(&w, gosc_span_of("\x22\x58", 2));
        gosc_write_u8(&w, (uint8_t)p->key_len);
        gosc_write_bytes(&w, gosc_span_of(y_bytes, scene_hex(y, y_bytes)));
    }
    p->credential_len = gosc_writer_span(&w).len;
}

/* The transparent adapter has public keys of its own. */
static inline bool scene_is_plain(void)
{
    uint8_t own[32];
    uint8_t zero[32] = {0};
    memset(own, 0x5a, sizeof own);
    const gosc_public_key key = {.curve = GOSC_CURVE_ED25519, .x = SPAN(own)};
    return gosc_crypto_pair_check(SPAN(zero), &key) == GOSC_OK;
}

/* Key pair number `who` for a signature algorithm (or, when it is 0, for Ed25519), and the credential around
 * it. */
static inline void scene_person_init(scene_person *p, size_t who, int32_t signature)
{
    const char *y = "";
    int32_t curve = GOSC_CURVE_ED25519;
    p->id = gosc_span_of(scene_ids[who], scene_id_lens[who]);
    if (signature == GOSC_ALG_NONE || signature == GOSC_ALG_EDDSA) {
        p->key_len = scene_hex(scene_seeds[who], p->private_key);
        (void)scene_hex(scene_points[who], p->x);
    } else {
        size_t row = 0;
        while (kat_signs[row].alg != signature) {
            row++;
        }
        row += who; /* four pairs for each algorithm */
        curve = kat_signs[row].curve;
        p->key_len = scene_hex(kat_signs[row].private_key, p->private_key);
        (void)scene_hex(kat_signs[row].x, p->x);
        y = kat_signs[row].y;
    }
    for (size_t i = 0; scene_is_plain() && i < p->key_len; i++) {
        p->x[i] = p->private_key[i] ^ 0x5a;
    }
    scene_credential(p, scene_names[who], curve, y);
}

static inline gosc_span scene_credential_of(const scene *s, size_t who)
{
    return gosc_span_of(s->people[who].credential, s->people[who].credential_len);
}

/* The members whose credential is at hand: a gosc_member_find. */
static inline gosc_err scene_member_find(void *arg, gosc_span kid, gosc_span *credential)
{
    scene *s = (scene *)arg;
    s->n_lookups++;
    for (size_t i = 0; i < SCENE_PEOPLE; i++) {
        if (gosc_span_equal(s->people[i].id, kid)) {
            *credential = scene_credential_of(s, i);
            return GOSC_OK;
        }
    }
    return GOSC_ERR_RECIPIENT_UNKNOWN;
}

/* scene_params: what the context of a member is made of; the table is that of the member. */
static inline gosc_context_params scene_params(scene *s, size_t who)
{
    gosc_context_params params = {
        .dialect = s->set.dialect,
        .hkdf = s->set.hkdf,
        .aead = s->set.aead,
        .group_enc = s->set.group_enc,
        .signature = s->set.signature,
        .agreement = s->set.agreement,
        .master_secret = SPAN(scene_secret),
        .master_salt = SPAN(scene_salt),
        .id_context = s->gid,
        .sender_id = s->people[who].id,
        .recipients = s->members[who].table,
        .n_recipients = SCENE_TABLE,
    };
    if (s->set.dialect->group != NULL) {
        params.credential_format = GOSC_CREDENTIAL_CCS;
        params.gm_credential = SPAN(scene_manager);
        params.sender_credential = scene_credential_of(s, who);
        params.private_key = gosc_span_of(s->people[who].private_key, s->people[who].key_len);
        params.member_find = scene_member_find;
        params.member_arg = s;
    }
    return params;
}

/* scene_enter sets one member up, without Recipient Contexts. */
static inline void scene_enter(scene *s, size_t who, const gosc_context_params *params)
{
    scene_member *m = &s->members[who];
    scene_need(gosc_security_context_init(params, &m->context), scene_names[who]);
    gosc_exchange_init(&m->asked, m->numbers, SCENE_NUMBERS);
    gosc_exchange_init(&m->answered, NULL, 0);
}

/* scene_know gives a member the Recipient Contexts of all others. */
static inline void scene_know(scene *s, size_t who)
{
    gosc_security_context *context = &s->members[who].context;
    for (size_t i = 0; i < SCENE_PEOPLE; i++) {
        bool group = s->set.dialect->group != NULL;
        if (i != who) {
            scene_need(gosc_recipient_context_add(context, s->people[i].id,
                                                  group ? scene_credential_of(s, i) : GOSC_ABSENT),
                       "recipient");
        }
    }
}

static inline size_t scene_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Nonces of 7 bytes leave one for an ID. */
static inline size_t scene_id_max(const scene_set *set)
{
    const gosc_cipher *aead = gosc_cipher_find(set->aead);
    const gosc_cipher *group = gosc_cipher_find(set->group_enc);
    return scene_min(aead != NULL ? aead->nonce_len : GOSC_NONCE_MAX,
                     group != NULL ? group->nonce_len : GOSC_NONCE_MAX) -
           6;
}

/* scene_people prepares keys and credentials; scene_init all of it, everybody knowing everybody. */
static inline void scene_people(scene *s, const scene_set *set)
{
    scene_need(gosc_crypto_init(), "crypto");
    memset(s, 0, sizeof *s);
    s->set = *set;
    s->gid = SPAN(scene_gid);
    for (size_t i = 0; i < SCENE_PEOPLE; i++) {
        scene_person_init(&s->people[i], i, set->signature);
        s->people[i].id.len = scene_min(s->people[i].id.len, scene_id_max(set));
    }
}

static inline void scene_init(scene *s, const scene_set *set)
{
    scene_people(s, set);
    for (size_t i = 0; i < SCENE_PEOPLE; i++) {
        gosc_context_params params = scene_params(s, i);
        scene_enter(s, i, &params);
        scene_know(s, i);
    }
}

/*
 * scene_forger makes `who` an insider who writes in the name of another: all of the group's keys and that
 * member's credential in the AAD, but a private key of its own.
 */
static inline void scene_forger(scene *s, size_t who, size_t victim, gosc_security_context *forger)
{
    *forger = s->members[victim].context;
    forger->sender.private_key = gosc_span_of(s->people[who].private_key, s->people[who].key_len);
    forger->sender.public_key.x = gosc_span_of(s->people[who].x, s->people[who].key_len);
    forger->sender.public_key.y = s->members[who].context.sender.public_key.y;
}

static inline gosc_buf scene_scratch(scene *s)
{
    return (gosc_buf){s->scratch, sizeof s->scratch};
}

static inline gosc_span scene_sent(const scene *s)
{
    return gosc_span_of(s->wire, s->wire_len);
}

/* How a message is to be protected; group mode is the rule in group-02 and impossible in oscore. */
static inline gosc_protect_params scene_group_mode(const scene *s)
{
    return (gosc_protect_params){.group_mode = s->set.dialect->group != NULL};
}

static inline gosc_protect_params scene_to(const scene *s, size_t target)
{
    return (gosc_protect_params){.target = s->people[target].id};
}

/* The four steps of an exchange; the bytes are in wire, the message in received. */
static inline gosc_err scene_ask(scene *s, size_t who, const gosc_protect_params *how, gosc_span plain)
{
    scene_member *m = &s->members[who];
    return gosc_protect_request(&m->context, how, plain, scene_scratch(s), &m->asked,
                                (gosc_buf){s->wire, sizeof s->wire}, &s->wire_len);
}

static inline gosc_err scene_hear(scene *s, size_t who, gosc_span datagram, uint64_t now_ms)
{
    scene_member *m = &s->members[who];
    gosc_security_context *contexts[] = {&m->context};
    const gosc_context_store store = {contexts, 1};
    return gosc_unprotect_request(&store, datagram, now_ms, scene_scratch(s), &m->answered, &s->received,
                                  (gosc_buf){s->opened, sizeof s->opened});
}

static inline gosc_err scene_answer(scene *s, size_t who, const gosc_protect_params *how, gosc_span plain)
{
    scene_member *m = &s->members[who];
    return gosc_protect_response(&m->context, how, &m->answered, plain, scene_scratch(s),
                                 (gosc_buf){s->wire, sizeof s->wire}, &s->wire_len);
}

static inline gosc_err scene_get(scene *s, size_t who, gosc_span datagram)
{
    scene_member *m = &s->members[who];
    gosc_security_context *contexts[] = {&m->context};
    const gosc_context_store store = {contexts, 1};
    return gosc_unprotect_response(&store, &m->asked, datagram, scene_scratch(s), &s->received,
                                   (gosc_buf){s->opened, sizeof s->opened});
}

/* ---- state and memory ---- */

/* All bytes of the room are `value`. */
static inline bool scene_all(const void *room, uint8_t value, size_t len)
{
    const uint8_t *bytes = (const uint8_t *)room;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != value) {
            return false;
        }
    }
    return true;
}

/* The room holds these bytes somewhere. */
static inline bool scene_holds(const void *room, size_t room_len, gosc_span bytes)
{
    for (size_t i = 0; i + bytes.len <= room_len; i++) {
        if (memcmp((const uint8_t *)room + i, bytes.ptr, bytes.len) == 0) {
            return true;
        }
    }
    return false;
}

/* scene_same compares all state of a member with a copy; copies are made by memcpy, so that they have the
 * padding too. */
static inline bool scene_same(const scene_member *a, const scene_member *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* scene_is compares results and tells which one came instead; scene_says is a tap_ok of that. */
static inline bool scene_is(gosc_err got, gosc_err wanted)
{
    if (got != wanted) {
        printf("# %s instead of %s\n", gosc_err_name(got), gosc_err_name(wanted));
    }
    return got == wanted;
}

static inline bool scene_says(gosc_err got, gosc_err wanted, const char *text)
{
    return tap_ok(scene_is(got, wanted), text);
}

#endif
