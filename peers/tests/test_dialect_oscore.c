/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The row of plain OSCORE: what it says, which algorithms it takes, and that it asks for none of a group.
 */
#include "context.h"

#include "bytes.h"
#include "tap.h"

static const struct {
    int32_t alg;
    uint8_t key_len, nonce_len, tag_len;
} aeads[] = {{1, 16, 12, 16},  {2, 24, 12, 16},  {3, 32, 12, 16}, {10, 16, 13, 8},
             {11, 32, 13, 8},  {12, 16, 7, 8},   {13, 32, 7, 8},  {24, 32, 12, 16},
             {30, 16, 13, 16}, {31, 32, 13, 16}, {32, 16, 7, 16}, {33, 32, 7, 16}};

static gosc_common_context common_of(int32_t aead)
{
    return (gosc_common_context){.dialect = &gosc_dialect_oscore, .hkdf = 5, .aead = aead};
}

static void values(void)
{
    const gosc_dialect *row = &gosc_dialect_oscore;
    tap_ok(strcmp(row->name, "oscore") == 0 && row->reading == NULL && row->group == NULL && !row->has_modes,
           "GO-6-08 no group, one reading");
    tap_ok(row->flags_allowed == 0x1f && row->flags_required == 0,
           "O-6.1-02 the three top bits are reserved");
    tap_ok(row->echo_code == 0x81 && !row->echo_restarts, "O-B.1.2-01 a challenge is 4.01");
    tap_ok(!row->signature_in_option && !row->signature_first && row->countersign_prefix_len == 0,
           "O-6.2-01 nothing is signed");
}

/* Every number around the registered ones, against the table. */
static void algorithms(void)
{
    bool known = true, lengths = true, unknown = true;
    for (int32_t alg = -65540; alg <= 100; alg++) {
        gosc_common_context common = common_of(alg);
        size_t i = 0;
        while (i < sizeof aeads / sizeof aeads[0] && aeads[i].alg != alg) {
            i++;
        }
        gosc_err err = gosc_dialect_oscore.common_check(&common);
        if (i == sizeof aeads / sizeof aeads[0]) {
            gosc_err wanted = alg == 0 ? GOSC_ERR_CONTEXT_INVALID : GOSC_ERR_ALGORITHM_UNKNOWN;
            unknown = unknown && err == wanted;
            continue;
        }
        known = known && err == GOSC_OK && common.cipher == common.aead_cipher && common.cipher->alg == alg &&
                common.cipher->key_len == aeads[i].key_len && common.cipher->tag_len == aeads[i].tag_len;
        lengths = lengths && err == GOSC_OK && common.common_iv_len == aeads[i].nonce_len &&
                  common.id_max == aeads[i].nonce_len - 6 && common.group_cipher == NULL &&
                  common.signature_len == 0 && !common.pairwise_mode;
    }
    tap_ok(known, "O-5.2-03 the twelve AEADs");
    tap_ok(lengths, "O-3.3-02 Common IV as long as the nonce, IDs six bytes shorter, nothing of a group");
    tap_ok(unknown, "GO-2.1.1-01 every other number, AES-CTR too");
}

static void contradictions(void)
{
    gosc_common_context common = common_of(10);
    common.signature = -8;
    tap_ok(gosc_dialect_oscore.common_check(&common) == GOSC_ERR_CONTEXT_INVALID,
           "GO-6-01 a Signature Algorithm");
    common = common_of(10);
    common.group_enc = 10;
    tap_ok(gosc_dialect_oscore.common_check(&common) == GOSC_ERR_CONTEXT_INVALID,
           "GO-6-01 a Group Encryption Algorithm");
    common = common_of(10);
    common.agreement = -27;
    tap_ok(gosc_dialect_oscore.common_check(&common) == GOSC_ERR_CONTEXT_INVALID, "GO-6-01 a key agreement");
    common = common_of(10);
    tap_ok(gosc_dialect_oscore.common_check(&common) == GOSC_OK, "GO-6-01 without them it is a context");
}

static void arrays(void)
{
    static const struct {
        const char *text, *kid, *piv;
        int32_t aead;
        const char *array;
    } rows[] = {
        {"O-5.4-02 the example of the section", "00", "25", 10, "8501810a4100412540"},
        {"O-5.4-02 RFC 8613 C.4, empty kid", "", "14", 10, "8501810a40411440"},
        {"O-5.4-02 a number with a head of two bytes", "01", "0100", 30, "850181181e410142010040"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t room[40];
        gosc_writer writer;
        gosc_common_context common = common_of(rows[i].aead);
        gosc_aad_input in = {.request_kid = bytes_hex(rows[i].kid),
                             .request_piv = bytes_hex(rows[i].piv),
                             .request_kid_context = gosc_span_of("gid", 3),
                             .option = gosc_span_of("option", 6),
                             .sender_cred = gosc_span_of("credential", 10)};
        gosc_writer_init(&writer, (gosc_buf){room, sizeof room});
        gosc_dialect_oscore.aad_array_write(&writer, &common, &in);
        tap_ok(!writer.failed && bytes_equal_hex(gosc_writer_span(&writer), rows[i].array), rows[i].text);
        bytes_free(in.request_kid);
        bytes_free(in.request_piv);
    }
}

int main(void)
{
    values();
    algorithms();
    contradictions();
    arrays();
    return tap_done();
}
