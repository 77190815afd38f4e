/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of group-02: six readings that differ in what is signed alone, and the algorithms of a group of
 * 2018.
 */
#include "context.h"

#include "scene.h"

static const struct {
    const gosc_dialect *dialect;
    const char *reading;
    const char *prefix; /* hexadecimal; figures of the readings register */
    bool signs_external_aad;
} rows[] = {
    {&gosc_dialect_group_02, "S1/E1", "8571436f756e7465725369676e6174757265304040", true},
    {&gosc_dialect_group_02_s2e1, "S2/E1", "8471436f756e7465725369676e61747572653040", true},
    {&gosc_dialect_group_02_s3e1, "S3/E1", "8570436f756e7465725369676e61747572654040", true},
    {&gosc_dialect_group_02_s1e0, "S1/E0", "8571436f756e7465725369676e6174757265304040", false},
    {&gosc_dialect_group_02_s2e0, "S2/E0", "8471436f756e7465725369676e61747572653040", false},
    {&gosc_dialect_group_02_s3e0, "S3/E0", "8570436f756e7465725369676e61747572654040", false},
};

static void readings(void)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        const gosc_dialect *d = rows[i].dialect;
        char text[100];
        (void)snprintf(text, sizeof text, "G02-3-03 %s: context string and fields before external_aad",
                       d->reading);
        tap_ok(strcmp(d->reading, rows[i].reading) == 0 &&
                   d->signs_external_aad == rows[i].signs_external_aad &&
                   bytes_equal_hex(gosc_span_of(d->countersign_prefix, d->countersign_prefix_len),
                                   rows[i].prefix),
               text);
        (void)snprintf(text, sizeof text, "G02-3-09 %s: the rest is the same", d->reading);
        tap_ok(strcmp(d->name, "group-02") == 0 && d->flags_allowed == 0x3f && d->flags_required == 0x28 &&
                   d->echo_code == 0x83 && d->echo_restarts && d->signature_in_option &&
                   !d->signature_first && !d->has_modes && d->group == rows[0].dialect->group &&
                   d->common_check == rows[0].dialect->common_check &&
                   d->aad_array_write == rows[0].dialect->aad_array_write,
               text);
    }
}

static void calls(void)
{
    const gosc_group_calls *c = gosc_dialect_group_02.group;
    tap_ok(c->pairwise_derive == NULL, "G02-4.1-01 there is no pairwise mode");
    tap_ok(c->option_split != NULL && c->own_key_set != NULL && c->credential_check != NULL &&
               c->mode_check != NULL && c->suite != NULL && c->sender_find != NULL &&
               c->sender_keep != NULL && c->context_find != NULL && c->seal != NULL && c->verify != NULL,
           "G02-3-11 all else is there, and the tail of the option is split");
}

static gosc_common_context usual(void)
{
    return (gosc_common_context){.dialect = &gosc_dialect_group_02,
                                 .hkdf = 5,
                                 .aead = 10,
                                 .signature = -8,
                                 .credential_format = GOSC_CREDENTIAL_CCS,
                                 .id_context = GOSC_EMPTY};
}

static gosc_err check(gosc_common_context *common)
{
    return common->dialect->common_check(common);
}

static void algorithms(void)
{
    static const struct {
        int32_t signature;
        uint8_t len;
    } signatures[] = {{-8, 64}, {-7, 64}, {-35, 96}, {-36, 132}};
    gosc_common_context c;
    for (size_t i = 0; i < COUNT(signatures); i++) {
        char text[100];
        c = usual();
        c.signature = signatures[i].signature;
        (void)snprintf(text, sizeof text, "G02-2-04 Counter Signature Algorithm %d", (int)c.signature);
        tap_ok(check(&c) == GOSC_OK && c.signature_len == signatures[i].len && c.cipher == c.aead_cipher &&
                   c.cipher == c.group_cipher && c.cipher->alg == 10 && c.common_iv_len == 13 &&
                   c.id_max == 7 && !c.pairwise_mode,
               text);
    }
    c = usual();
    c.aead = 33;
    tap_ok(check(&c) == GOSC_OK && c.common_iv_len == 7 && c.id_max == 1,
           "G02-3-14 IDs of a nonce of seven bytes");
    bool refused = true;
    static const int32_t none[] = {-65534, -65533, -65532, 4, 9, 14, 25, 34, -8, 99};
    for (size_t i = 0; i < COUNT(none); i++) {
        c = usual();
        c.aead = none[i];
        refused = check(&c) == GOSC_ERR_ALGORITHM_UNKNOWN && refused;
        c = usual();
        c.signature = none[i] == -8 ? -27 : none[i];
        refused = check(&c) == GOSC_ERR_ALGORITHM_UNKNOWN && refused;
    }
    tap_ok(refused, "G02-2-01 numbers of no AEAD, and of no Signature Algorithm");
}

static void contradictions(void)
{
    gosc_common_context c = usual();
    c.aead = 0;
    tap_ok(check(&c) == GOSC_ERR_CONTEXT_INVALID, "G02-2-01 without AEAD");
    c = usual();
    c.signature = 0;
    tap_ok(check(&c) == GOSC_ERR_CONTEXT_INVALID, "G02-2-04 without Signature Algorithm");
    c = usual();
    c.group_enc = 10;
    tap_ok(check(&c) == GOSC_ERR_CONTEXT_INVALID, "G02-2-01 with a Group Encryption Algorithm");
    c = usual();
    c.agreement = -27;
    tap_ok(check(&c) == GOSC_ERR_CONTEXT_INVALID, "G02-2-01 with a key agreement");
    c = usual();
    c.id_context = GOSC_ABSENT;
    tap_ok(check(&c) == GOSC_ERR_CONTEXT_INVALID, "G02-2-02 without Gid");
    c = usual();
    c.credential_format = (gosc_credential_format)0;
    tap_ok(check(&c) == GOSC_ERR_CONTEXT_INVALID, "G02-2-08 without a format of credentials");
    c = usual();
    c.credential_format = (gosc_credential_format)4;
    tap_ok(check(&c) == GOSC_ERR_CONTEXT_INVALID, "G02-2-08 with a format that is none");
    c = usual();
    tap_ok(check(&c) == GOSC_OK && !gosc_span_present(c.gm_credential),
           "G02-2-01 an empty Gid is one, and no manager's credential is asked for");
}

static void array(void)
{
    uint8_t room[40];
    gosc_writer writer;
    gosc_common_context c = usual();
    const gosc_aad_input in = {.request_kid = gosc_span_of("\x25", 1),
                               .request_piv = gosc_span_of("\x05", 1),
                               .request_kid_context = SPAN(scene_gid),
                               .option = gosc_span_of("option", 6),
                               .sender_cred = gosc_span_of("credential", 10)};
    gosc_writer_init(&writer, (gosc_buf){room, sizeof room});
    c.dialect->aad_array_write(&writer, &c, &in);
    tap_ok(!writer.failed && bytes_equal_hex(gosc_writer_span(&writer), "8501820a274125410540"),
           "G02-3-05 the worked exchange: no Gid, no option, no credential in the AAD");
}

int main(void)
{
    scene_need(gosc_crypto_init(), "crypto");
    readings();
    calls();
    algorithms();
    contradictions();
    array();
    return tap_done();
}
