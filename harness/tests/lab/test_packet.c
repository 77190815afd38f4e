/* SPDX-License-Identifier: BSD-2-Clause */
/* What the lab reads off a CoAP header. */
#include "kit.h"

typedef struct row {
    const char *hex;
    lab_is is;
    lab_mode mode;
    int token_len;  /* -1: absent */
    int oscore_len; /* -1: absent */
    const char *what;
} row;

static const row rows[] = {
    {"44015d1f00003974 b3747631", LAB_IS_REQUEST, LAB_MODE_PLAIN, 4, -1, "GET"},
    {"60455d1f", LAB_IS_RESPONSE, LAB_MODE_PLAIN, 0, -1, "2.05 on an ACK"},
    {"51455d1f00 ff01", LAB_IS_RESPONSE, LAB_MODE_PLAIN, 1, -1, "2.05 in a NON"},
    {"50a05d1f", LAB_IS_RESPONSE, LAB_MODE_PLAIN, 0, -1, "5.00"},
    {"50e15d1f", LAB_IS_OTHER, LAB_MODE_PLAIN, 0, -1, "7.01: signalling, not for UDP"},
    {"50205d1f", LAB_IS_OTHER, LAB_MODE_PLAIN, 0, -1, "1.00: reserved class"},
    {"40005d1f", LAB_IS_PING, LAB_MODE_PLAIN, 0, -1, "empty CON"},
    {"50005d1f", LAB_IS_OTHER, LAB_MODE_PLAIN, 0, -1, "empty NON"},
    {"60005d1f", LAB_IS_ACK, LAB_MODE_PLAIN, 0, -1, "empty ACK"},
    {"70005d1f", LAB_IS_RESET, LAB_MODE_PLAIN, 0, -1, "RST"},
    {"42025d1f0102 90 ff00", LAB_IS_REQUEST, LAB_MODE_OTHER, 2, 0, "O-6.1-01 empty OSCORE option"},
    {"42025d1f0102 920914 ff00", LAB_IS_REQUEST, LAB_MODE_OTHER, 2, 2,
     "Partial IV and kid: pairwise or OSCORE"},
    {"42025d1f0102 9439140102 ff00", LAB_IS_REQUEST, LAB_MODE_GROUP, 2, 4, "bit 0x20: group mode"},
    {"42025d1f0102 331a2b3c 6120 ff00", LAB_IS_REQUEST, LAB_MODE_GROUP, 2, 1, "after Uri-Host"},
    {"42025d1f0102 d01d", LAB_IS_REQUEST, LAB_MODE_PLAIN, 2, -1, "option 42 only"},
    {"42025d1f0102 e0fee8 9120", LAB_IS_REQUEST, LAB_MODE_PLAIN, 2, -1, "9 after 65525 is 65534"},
    {"42025d1f0102 ff 9120", LAB_IS_REQUEST, LAB_MODE_PLAIN, 2, -1, "payload that looks like the option"},
    {"42025d1f0102 9520", LAB_IS_REQUEST, LAB_MODE_PLAIN, 2, -1, "option runs past the end"},
    {"42025d1f0102 f0", LAB_IS_REQUEST, LAB_MODE_PLAIN, 2, -1, "reserved delta"},
    {"", LAB_IS_OTHER, LAB_MODE_PLAIN, -1, -1, "nothing"},
    {"44015d", LAB_IS_OTHER, LAB_MODE_PLAIN, -1, -1, "3 bytes"},
    {"44015d1f000039", LAB_IS_OTHER, LAB_MODE_PLAIN, -1, -1, "token runs past the end"},
    {"49015d1f000102030405060708", LAB_IS_OTHER, LAB_MODE_PLAIN, -1, -1, "token of 9 bytes"},
    {"84015d1f00003974", LAB_IS_OTHER, LAB_MODE_PLAIN, -1, -1, "version 2"},
};

static bool span_is(gosc_span span, int len)
{
    return len < 0 ? !gosc_span_present(span) : gosc_span_present(span) && span.len == (size_t)len;
}

static bool within(gosc_span part, gosc_span whole)
{
    return !gosc_span_present(part) ||
           (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

/* Every cut and every flipped bit: what is found lies within the bytes (the sanitizer watches the reads). */
static bool is_bounded(gosc_span good)
{
    bool bounded = true;
    for (size_t len = 0; len <= good.len; len++) {
        gosc_span cut = kit_copy(gosc_span_of(good.ptr, len));
        lab_coap coap = lab_coap_read(cut);
        bounded = bounded && within(coap.token, cut) && within(coap.oscore, cut) && coap.is != LAB_IS_ANY &&
                  coap.mode != LAB_MODE_ANY;
        kit_free(cut);
    }
    for (size_t bit = 0; bit < good.len * 8; bit++) {
        gosc_span copy = kit_copy(good);
        uint8_t flipped[512] = {0};
        memcpy(flipped, copy.ptr, copy.len);
        flipped[bit / 8] = (uint8_t)(flipped[bit / 8] ^ (1U << (bit % 8)));
        kit_free(copy);
        copy = kit_copy(gosc_span_of(flipped, good.len));
        lab_coap coap = lab_coap_read(copy);
        bounded = bounded && within(coap.token, copy) && within(coap.oscore, copy);
        kit_free(copy);
    }
    return bounded;
}

int main(void)
{
    for (size_t i = 0; i < KIT_COUNT(rows); i++) {
        const row *r = &rows[i];
        gosc_span bytes = kit_hex(r->hex);
        lab_coap coap = lab_coap_read(bytes);
        bool good = coap.is == r->is && coap.mode == r->mode && span_is(coap.token, r->token_len) &&
                    span_is(coap.oscore, r->oscore_len);
        tap_ok(good, r->what);
        if (!good) {
            printf("# found is %s, mode %s, token %d, option %d\n", lab_is_name(coap.is),
                   lab_mode_name(coap.mode), (int)coap.token.len, (int)coap.oscore.len);
        }
        tap_ok(is_bounded(bytes), "cut and flipped: nothing outside the bytes");
        kit_free(bytes);
    }
    gosc_span bytes = kit_hex("54015d1f00003974");
    lab_coap coap = lab_coap_read(bytes);
    tap_ok(coap.type == 1 && coap.code == 1 && coap.message_id == 0x5d1f && coap.token.ptr == bytes.ptr + 4,
           "type, code, Message ID, token");
    kit_free(bytes);
    return tap_done();
}
