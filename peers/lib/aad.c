/* SPDX-License-Identifier: BSD-2-Clause */
#include "aad.h"

#include <string.h>

#include "cbor.h"
#include "context.h"

/* [ "Encrypt0", h'', ... up to external_aad. */
static const uint8_t enc_prefix[] = {0x83, 0x68, 'E', 'n', 'c', 'r', 'y', 'p', 't', '0', 0x40};

void gosc_aad_array_begin(gosc_writer *writer, uint8_t n_elements, uint8_t n_algorithms)
{
    /* Head of an array, 1, head of an array. */
    gosc_write_be(writer, (uint32_t)(0x800180 | n_elements << 16 | n_algorithms), 3);
}

void gosc_aad_array_request(gosc_writer *writer, const gosc_aad_input *in)
{
    gosc_cbor_write_bstr(writer, in->request_kid);
    gosc_cbor_write_bstr(writer, in->request_piv);
    gosc_write_u8(writer, 0x40); /* h'' */
}

gosc_err gosc_aad_build(const gosc_common_context *common, const gosc_aad_input *in, size_t ciphertext_len,
                        gosc_buf room, gosc_aad *aad)
{
    if (room.len < GOSC_AAD_LEAD) {
        return GOSC_ERR_ROOM;
    }
    gosc_writer array;
    gosc_writer_init(&array, (gosc_buf){room.ptr + GOSC_AAD_LEAD, room.len - GOSC_AAD_LEAD});
    common->dialect->aad_array_write(&array, common, in);
    gosc_span bytes = gosc_writer_span(&array);

    /* The head of the byte string ends where the array starts, so its length is known only now. */
    size_t head_len = gosc_cbor_head_len(bytes.len);
    gosc_writer head;
    gosc_writer_init(&head, (gosc_buf){room.ptr + GOSC_AAD_LEAD - head_len, head_len});
    gosc_cbor_write_head(&head, GOSC_CBOR_BSTR, bytes.len);

    gosc_cbor_write_head(&array, GOSC_CBOR_BSTR, ciphertext_len);
    aad->ciphertext = gosc_write_room(&array, ciphertext_len);
    aad->ciphertext_len = ciphertext_len;
    aad->external_aad = gosc_span_of(head.start, head_len + bytes.len);
    return array.failed || head.failed ? GOSC_ERR_ROOM : GOSC_OK;
}

/* put_prefix writes prefix so that it ends at end, and gives where it starts. */
static uint8_t *put_prefix(uint8_t *end, const uint8_t *prefix, size_t len)
{
    return (uint8_t *)memcpy(end - len, prefix, len);
}

gosc_span gosc_aad_enc_structure(const gosc_aad *aad)
{
    gosc_span external = aad->external_aad;
    uint8_t *at = aad->ciphertext - gosc_cbor_head_len(aad->ciphertext_len) - external.len;
    uint8_t *start = put_prefix(at, enc_prefix, sizeof enc_prefix);
    return gosc_span_of(start, sizeof enc_prefix + external.len);
}

gosc_span gosc_aad_countersign_structure(const gosc_common_context *common, const gosc_aad *aad)
{
    const gosc_dialect *dialect = common->dialect;
    uint8_t *at = aad->ciphertext - gosc_cbor_head_len(aad->ciphertext_len);
    if (dialect->signs_external_aad) {
        at -= aad->external_aad.len;
    } else {
        *--at = 0x40; /* h'' in its place (readings E0 of the 2018 draft) */
    }
    uint8_t *start =
        put_prefix(at, (const uint8_t *)dialect->countersign_prefix, dialect->countersign_prefix_len);
    return gosc_span_of(start, (size_t)(aad->ciphertext - start) + aad->ciphertext_len);
}
