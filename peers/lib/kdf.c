/* SPDX-License-Identifier: BSD-2-Clause */
#include "kdf.h"

#include "cbor.h"

void gosc_kdf_info(gosc_writer *writer, gosc_span id, gosc_span id_context, int32_t alg, gosc_span type, size_t len)
{
    gosc_cbor_write_head(writer, GOSC_CBOR_ARRAY, 5);
    gosc_cbor_write_bstr(writer, id);
    gosc_cbor_write_bstr(writer, id_context);
    gosc_cbor_write_int(writer, alg);
    gosc_cbor_write_tstr(writer, type);
    gosc_cbor_write_int(writer, (int64_t)len);
}

void gosc_kdf_keystream_info(gosc_writer *writer, gosc_span id, gosc_span id_context, bool is_request, size_t len)
{
    gosc_cbor_write_head(writer, GOSC_CBOR_ARRAY, 4);
    gosc_cbor_write_bstr(writer, id);
    gosc_cbor_write_bstr(writer, id_context);
    gosc_cbor_write_bool(writer, is_request);
    gosc_cbor_write_int(writer, (int64_t)len);
}

gosc_err gosc_kdf_derive(int32_t hkdf, gosc_span salt, gosc_span ikm, gosc_span id, gosc_span id_context, int32_t alg,
                         gosc_span type, gosc_buf okm)
{
    uint8_t info[GOSC_INFO_MAX];
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){info, sizeof info});
    gosc_kdf_info(&writer, id, id_context, alg, type, okm.len);
    if (writer.failed) {
        return GOSC_ERR_USAGE;
    }
    return gosc_crypto_hkdf(hkdf, salt, ikm, gosc_writer_span(&writer), okm);
}
