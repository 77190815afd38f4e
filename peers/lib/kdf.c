/* SPDX-License-Identifier: BSD-2-Clause */
#include "kdf.h"

#include "cbor.h"

void gosc_kdf_info(gosc_writer *writer, gosc_span id, gosc_span id_context, int32_t alg, const char *type,
                   size_t len)
{
    gosc_cbor_write_head(writer, GOSC_CBOR_ARRAY, 5);
    gosc_cbor_write_bstr(writer, id);
    gosc_cbor_write_bstr(writer, id_context);
    gosc_cbor_write_int(writer, alg);
    gosc_write_bytes(writer, gosc_span_of(type, 1 + (size_t)(type[0] & 0x1f)));
    gosc_cbor_write_int(writer, (int64_t)len);
}

void gosc_kdf_keystream_info(gosc_writer *writer, gosc_span id, gosc_span id_context, bool is_request,
                             size_t len)
{
    gosc_cbor_write_head(writer, GOSC_CBOR_ARRAY, 4);
    gosc_cbor_write_bstr(writer, id);
    gosc_cbor_write_bstr(writer, id_context);
    gosc_cbor_write_bool(writer, is_request);
    gosc_cbor_write_int(writer, (int64_t)len);
}

gosc_err gosc_kdf_derive(const gosc_kdf_input *in, const char *type, uint8_t *okm, size_t okm_len)
{
    uint8_t info[GOSC_INFO_MAX];
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){info, sizeof info});
    gosc_kdf_info(&writer, in->id, in->id_context, in->alg, type, okm_len);
    if (writer.failed) {
        return GOSC_ERR_USAGE;
    }
    return gosc_crypto_hkdf(in->hkdf, in->salt, in->ikm, gosc_writer_span(&writer), (gosc_buf){okm, okm_len});
}
