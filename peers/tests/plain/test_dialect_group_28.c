/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of group-28: two readings, and what each combination of algorithms makes of modes and lengths,
 * against the rules of sections 2.1.4, 2.2 and 2.3 written down once more.
 */
#include "context.h"

#include "scene.h"

static void readings(void)
{
    const gosc_dialect *cs5 = &gosc_dialect_group_28;
    const gosc_dialect *cs4 = &gosc_dialect_group_28_cs4;
    tap_ok(strcmp(cs5->reading, "CS5") == 0 &&
               bytes_equal_hex(gosc_span_of(cs5->countersign_prefix, cs5->countersign_prefix_len),
                               "8571436f756e7465725369676e6174757265304040"),
           "GO-3.1-04 CS5: sign_protected is there and empty");
    tap_ok(strcmp(cs4->reading, "CS4") == 0 &&
               bytes_equal_hex(gosc_span_of(cs4->countersign_prefix, cs4->countersign_prefix_len),
                               "8471436f756e7465725369676e61747572653040"),
           "GO-3.1-04 CS4: sign_protected is left out");
    for (size_t i = 0; i < 2; i++) {
        const gosc_dialect *d = i == 0 ? cs5 : cs4;
        char text[100];
        (void)snprintf(text, sizeof text, "GO-4.1-08 %s: the rest of the row", d->reading);
        tap_ok(strcmp(d->name, "group-28") == 0 && d->flags_allowed == 0x3f && d->flags_required == 0 &&
                   d->echo_code == 0x81 && !d->echo_restarts && !d->signature_in_option &&
                   d->signature_first && d->has_modes && d->signs_external_aad &&
                   d->group->pairwise_derive != NULL && d->group->option_split == NULL,
               text);
    }
}

static gosc_common_context usual(void)
{
    return (gosc_common_context){.dialect = &gosc_dialect_group_28,
                                 .hkdf = 5,
                                 .aead = 24,
                                 .group_enc = 10,
                                 .signature = -8,
                                 .agreement = -27,
                                 .credential_format = GOSC_CREDENTIAL_CCS,
                                 .id_context = SPAN(scene_gid),
                                 .gm_credential = SPAN(scene_manager)};
}

static gosc_err check(gosc_common_context *common)
{
    return common->dialect->common_check(common);
}

/* Key, nonce and tag of what the combinations below are made of; 0 is not set. */
static const struct {
    int32_t alg;
    uint8_t nonce;
} ciphers[] = {{0, 0}, {10, 13}, {24, 12}, {12, 7}, {-65534, 12}};

/* What the text makes of one combination. */
static gosc_err wanted(const gosc_common_context *c, size_t aead, size_t group)
{
    if (ciphers[aead].alg < 0) {
        return GOSC_ERR_ALGORITHM_UNKNOWN; /* AES-CTR authenticates nothing */
    }
    bool group_mode = group != 0 && c->signature != 0;
    bool pairwise = aead != 0 && c->agreement != 0;
    bool hkdf_fits = c->agreement == 0 || (c->agreement == -27) == (c->hkdf == 5);
    return (group_mode || pairwise) && hkdf_fits ? GOSC_OK : GOSC_ERR_CONTEXT_INVALID;
}

static bool lengths_right(const gosc_common_context *c, size_t aead, size_t group)
{
    uint8_t a = ciphers[aead].nonce, g = ciphers[group].nonce;
    uint8_t larger = a > g ? a : g;
    uint8_t smaller = a == 0 ? g : g == 0 ? a : a < g ? a : g;
    bool group_mode = group != 0 && c->signature != 0;
    return c->common_iv_len == larger && c->id_max == smaller - 6 &&
           c->cipher->alg == ciphers[group != 0 ? group : aead].alg &&
           (aead == 0 ? c->aead_cipher == NULL : c->aead_cipher->alg == ciphers[aead].alg) &&
           (group == 0 ? c->group_cipher == NULL : c->group_cipher->alg == ciphers[group].alg) &&
           c->signature_len == (group_mode ? 64 : 0) && c->pairwise_mode == (aead != 0 && c->agreement != 0);
}

/* Five choices for each encryption, with and without signature, three key agreements, two hashes: 300 in all.
 */
static void combinations(void)
{
    static const int32_t agreements[] = {0, -27, -28};
    bool verdicts = true, lengths = true;
    unsigned n_good = 0;
    for (size_t i = 0; i < 300; i++) {
        size_t aead = i % 5, group = i / 5 % 5;
        gosc_common_context c = usual();
        c.aead = ciphers[aead].alg;
        c.group_enc = ciphers[group].alg;
        c.signature = i / 25 % 2 == 0 ? 0 : -8;
        c.agreement = agreements[i / 50 % 3];
        c.hkdf = i / 150 == 0 ? 5 : 7;
        gosc_err err = check(&c);
        if (err != wanted(&c, aead, group)) {
            printf("# %d %d %d %d: %s\n", (int)c.aead, (int)c.group_enc, (int)c.signature, (int)c.agreement,
                   gosc_err_name(err));
            verdicts = false;
        } else if (err == GOSC_OK) {
            n_good++;
            lengths = lengths_right(&c, aead, group) && lengths;
        }
    }
    tap_ok(verdicts, "GO-2.1.7-02 a mode needs both its algorithms, and one mode must be whole");
    tap_ok(lengths && n_good > 50,
           "GO-2.1.4-02 Common IV by the larger nonce, IDs by the smaller, keys by the cipher");
}

static void unknown(void)
{
    static const struct {
        const char *text;
        int32_t aead, group_enc, signature, agreement;
    } rows[] = {
        {"GO-2.1.7-07 AES-CBC as Group Encryption Algorithm", 24, -65531, -8, -27},
        {"GO-2.1.1-01 no AEAD by that number", 25, 10, -8, -27},
        {"GO-3.1-07 no Signature Algorithm by that number", 24, 10, -37, -27},
        {"GO-2.1.10-02 ECDH-ES is no static-static agreement", 24, 10, -8, -25},
        {"GO-2.1.10-02 nor is one with key wrap", 24, 10, -8, -31},
        {"GO-2.1.7-08 a HMAC is no cipher", 24, 5, -8, -27},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        gosc_common_context c = usual();
        c.aead = rows[i].aead;
        c.group_enc = rows[i].group_enc;
        c.signature = rows[i].signature;
        c.agreement = rows[i].agreement;
        scene_says(check(&c), GOSC_ERR_ALGORITHM_UNKNOWN, rows[i].text);
    }
}

static void missing(void)
{
    gosc_common_context c = usual();
    c.gm_credential = GOSC_ABSENT;
    scene_says(check(&c), GOSC_ERR_CONTEXT_INVALID, "GO-3.4-13 without the manager's credential");
    c = usual();
    c.id_context = GOSC_ABSENT;
    scene_says(check(&c), GOSC_ERR_CONTEXT_INVALID, "GO-2.1.3-01 without Gid");
    c = usual();
    c.credential_format = (gosc_credential_format)0;
    scene_says(check(&c), GOSC_ERR_CONTEXT_INVALID, "GO-2.1.5-01 without a format of credentials");
    c = usual();
    c.credential_format = (gosc_credential_format)4;
    scene_says(check(&c), GOSC_ERR_CONTEXT_INVALID, "GO-2.1.5-01 with a format that is none");
    c = usual();
    c.id_context = GOSC_EMPTY;
    scene_says(check(&c), GOSC_OK, "GO-2.1.3-01 an empty Gid is one");
}

/* Which elements are there is shown by test_aad.c; here that null stands for "not set", whatever the modes.
 */
static void nulls(void)
{
    static const struct {
        const char *text;
        int32_t aead, group_enc, signature, agreement;
        const char *begin;
    } rows[] = {
        {"GO-3.4-03 all four", 10, 10, -8, -27, "8901840a0a27381a"},
        {"GO-3.4-03 no AEAD", 0, 10, -8, 0, "890184f60a27f6"},
        {"GO-3.4-04 no Group Encryption Algorithm", 24, 0, 0, -27, "8901841818f6f6381a"},
        {"GO-3.4-05 half a mode is told too", 24, 10, 0, -27, "89018418180af6381a"},
        {"GO-3.4-06 no agreement, yet an AEAD", 24, -65534, -36, 0, "890184181839fffd3823f6"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t room[120];
        gosc_writer writer;
        gosc_common_context c = usual();
        c.aead = rows[i].aead;
        c.group_enc = rows[i].group_enc;
        c.signature = rows[i].signature;
        c.agreement = rows[i].agreement;
        const gosc_aad_input in = {GOSC_EMPTY, GOSC_EMPTY, GOSC_EMPTY, GOSC_EMPTY, GOSC_EMPTY};
        gosc_writer_init(&writer, (gosc_buf){room, sizeof room});
        c.dialect->aad_array_write(&writer, &c, &in);
        gosc_span whole = gosc_writer_span(&writer);
        size_t n = strlen(rows[i].begin) / 2;
        tap_ok(!writer.failed && bytes_equal_hex(gosc_span_of(whole.ptr, n), rows[i].begin) &&
                   whole.ptr[n] == 0x40,
               rows[i].text);
    }
}

int main(void)
{
    scene_need(gosc_crypto_init(), "crypto");
    readings();
    combinations();
    unknown();
    missing();
    nulls();
    return tap_done();
}
