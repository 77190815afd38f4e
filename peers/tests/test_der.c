/* SPDX-License-Identifier: BSD-2-Clause */
/* DER: the form of an element, and certificates built part by part so that one thing is wrong at a time. */
#include "der.h"

#include "bytes.h"
#include "tap.h"

enum {
    ROOM = 2000,
};

static const struct {
    const char *text;
    const char *element;
    size_t contents; /* bytes; SIZE_MAX: refused */
} elements[] = {
    {"short length", "0401aa", 1},
    {"no contents", "0400", 0},
    {"tag alone", "04", SIZE_MAX},
    {"contents cut", "0402aa", SIZE_MAX},
    {"indefinite length", "0480aa0000", SIZE_MAX},
    {"one in two bytes", "048101aa", SIZE_MAX},
    {"one in three bytes", "04820001aa", SIZE_MAX},
    {"length byte missing", "0481", SIZE_MAX},
    {"length 2^32 - 1 (A30)", "0484ffffffffaa", SIZE_MAX},
    {"length in five bytes (A30)", "04850100000000aa", SIZE_MAX},
    {"length 2^32 + 1 in five bytes (A30)", "04850100000001aa", SIZE_MAX},
    {"length in eight bytes that wraps (A30)", "0488ffffffffffffffffaa", SIZE_MAX},
    {"reserved length byte", "04ffaa", SIZE_MAX},
    {"tag of several bytes", "1f0101aa", SIZE_MAX},
    {"context tag of several bytes", "bf0101aa", SIZE_MAX},
};

static void forms(void)
{
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++) {
        gosc_span element = bytes_hex(elements[i].element);
        gosc_reader reader;
        gosc_reader_init(&reader, element);
        gosc_span contents = gosc_der_read(&reader, element.len > 0 ? element.ptr[0] : 0);
        bool good = elements[i].contents != SIZE_MAX;
        bool right = reader.failed == !good && (!good || contents.len == elements[i].contents);
        tap_ok(right && (!good || gosc_reader_left(&reader) == 0), elements[i].text);
        bytes_free(element);
    }
    static const size_t lens[] = {127, 128, 255, 256, 65535, 65536};
    static const char *const heads[] = {"047f", "048180", "0481ff", "04820100", "0482ffff", "0483010000"};
    bool long_forms = true;
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        gosc_span head = bytes_hex(heads[i]);
        uint8_t *room = bytes_room(head.len + lens[i]);
        memset(room, 0xaa, head.len + lens[i]);
        memcpy(room, head.ptr, head.len);
        gosc_reader reader;
        gosc_reader_init(&reader, gosc_span_of(room, head.len + lens[i]));
        long_forms = long_forms && gosc_der_read(&reader, 4).len == lens[i] && !reader.failed;
        gosc_reader_init(&reader, gosc_span_of(room, head.len + lens[i] - 1));
        long_forms = long_forms && gosc_der_read(&reader, 4).ptr == NULL && reader.failed;
        bytes_free(gosc_span_of(room, head.len + lens[i]));
        bytes_free(head);
    }
    /* 127 needs one byte, 255 needs two, 65535 three: with one more they are refused. */
    static const char *const long_heads[] = {"04817f", "048200ff", "048300ffff"};
    static const size_t long_lens[] = {127, 255, 65535};
    bool shortest = true;
    for (size_t i = 0; i < sizeof long_lens / sizeof long_lens[0]; i++) {
        gosc_span head = bytes_hex(long_heads[i]);
        size_t len = head.len + long_lens[i];
        uint8_t *room = bytes_room(len);
        memset(room, 0xaa, len);
        memcpy(room, head.ptr, head.len);
        gosc_reader reader;
        gosc_reader_init(&reader, gosc_span_of(room, len));
        shortest = shortest && gosc_der_read(&reader, 4).ptr == NULL && reader.failed;
        bytes_free(gosc_span_of(room, len));
        bytes_free(head);
    }
    tap_ok(shortest, "a length that is not the shortest is refused, its contents being there");
    tap_ok(long_forms, "lengths at every boundary; a byte less is cut");
    gosc_span element = bytes_hex("0401aa");
    gosc_reader reader;
    gosc_reader_init(&reader, element);
    tap_ok(gosc_der_read(&reader, GOSC_DER_INTEGER).ptr == NULL && reader.failed, "another tag is refused");
    bytes_free(element);
}

/* A certificate in parts, as hex; NULL takes the part of the good one. */
typedef struct parts {
    const char *version;
    const char *serial;
    const char *inner_algorithm;
    const char *names; /* issuer, validity, subject */
    const char *spki;
    const char *tail; /* unique identifiers, extensions */
    const char *outer_algorithm;
    const char *signature;
    const char *behind;
} parts;

static const struct {
    const char *text;
    bool good;
    parts parts;
} rows[] = {
    {"GO-2.4-03 certificate, version 3", true, {.version = NULL}},
    {"version 2", true, {.version = "a0(020101)"}},
    {"version 1", true, {.version = ""}},
    {"version 1 written out is no DER", false, {.version = "a0(020100)"}},
    {"version 4", false, {.version = "a0(020103)"}},
    {"version in two bytes", false, {.version = "a0(02020002)"}},
    {"version is no INTEGER", false, {.version = "a0(040102)"}},
    {"version with a byte behind", false, {.version = "a0(02010200)"}},
    {"version is empty", false, {.version = "a0(0200)"}},
    {"serial number missing", false, {.serial = ""}},
    {"serial number is a string", false, {.serial = "040101"}},
    {"subject missing", false, {.names = "30003000"}},
    {"one name too many", false, {.names = "3000300030003000"}},
    {"issuer is a SET", false, {.names = "310030003000"}},
    {"issuer cut", false, {.names = "300530003000"}},
    {"no parameters", true, {.spki = "30( 30(06032b6570) 030200aa )"}},
    {"parameters are not looked into", true, {.spki = "30( 30(06032b6570 0500) 030200aa )"}},
    {"something behind the key", false, {.spki = "30( 30(06032b6570) 030200aa 0500 )"}},
    {"algorithm is an OCTET STRING", false, {.spki = "30( 04(06032b6570) 030200aa )"}},
    {"unused bits", false, {.spki = "30( 30(06032b6570) 030201aa )"}},
    {"BIT STRING without its first byte", false, {.spki = "30( 30(06032b6570) 0300 )"}},
    {"BIT STRING of no bits", true, {.spki = "30( 30(06032b6570) 030100 )"}},
    {"key is an OCTET STRING", false, {.spki = "30( 30(06032b6570) 040200aa )"}},
    {"key missing", false, {.spki = "30( 30(06032b6570) )"}},
    {"unique identifiers and extensions", true, {.tail = "810100 820100 a3(3000)"}},
    {"no extensions", true, {.tail = ""}},
    {"extensions before a unique identifier", false, {.tail = "a3(3000) 810100"}},
    {"extensions twice", false, {.tail = "a3(3000) a3(3000)"}},
    {"something unknown behind the key", false, {.tail = "0500"}},
    {"extensions cut", false, {.tail = "a3053000"}},
    {"outer algorithm differs", false, {.outer_algorithm = "30(060129)"}},
    {"outer algorithm missing", false, {.outer_algorithm = ""}},
    {"signature missing", false, {.signature = ""}},
    {"signature is an OCTET STRING", false, {.signature = "0402 00aa"}},
    {"something behind the signature", false, {.signature = "030200aa 0500"}},
    {"a byte behind the certificate", false, {.behind = "00"}},
};

static const char *part(const char *given, const char *otherwise)
{
    return given != NULL ? given : otherwise;
}

static gosc_span certificate_of(const parts *p)
{
    char text[ROOM];
    snprintf(text, sizeof text, "30( 30( %s %s %s %s %s %s ) %s %s ) %s", part(p->version, "a0(020102)"),
             part(p->serial, "020101"), part(p->inner_algorithm, "30(06012a)"),
             part(p->names, "300030003000"), part(p->spki, "30( 30(06032b6570 06012a) 030200aa )"),
             part(p->tail, "a3(3000)"), part(p->outer_algorithm, "30(06012a)"),
             part(p->signature, "030200aa"), part(p->behind, ""));
    return bytes_nested(text);
}

/* Whatever is accepted lies inside. Takes certificate over. */
static bool changed_holds(gosc_span certificate, bool may_pass)
{
    gosc_span found[2];
    bool right = true;
    if (gosc_der_spki(certificate, &found[0], &found[1]) == GOSC_OK) {
        right = may_pass && found[0].ptr != NULL && found[1].ptr != NULL;
        for (int i = 0; i < 2; i++) {
            right = right && bytes_inside(found[i], certificate);
        }
    }
    bytes_free(certificate);
    return right;
}

static void certificates(void)
{
    bool cuts = true;
    bool flips = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gosc_span certificate = certificate_of(&rows[i].parts);
        gosc_span found[2] = {GOSC_ABSENT, GOSC_ABSENT};
        gosc_err err = gosc_der_spki(certificate, &found[0], &found[1]);
        tap_ok(rows[i].good ? err == GOSC_OK && found[0].len > 0 && found[1].ptr != NULL
                            : err == GOSC_ERR_DER_MALFORMED && found[0].ptr == NULL,
               rows[i].text);
        for (size_t len = 0; rows[i].good && len < certificate.len; len++) {
            cuts = changed_holds(bytes_copy(gosc_span_of(certificate.ptr, len)), false) && cuts;
        }
        for (size_t bit = 0; bit < 8 * certificate.len; bit++) {
            flips = changed_holds(bytes_flip(certificate, bit), true) && flips;
        }
        bytes_free(certificate);
    }
    tap_ok(cuts, "every cut of a good certificate is malformed");
    tap_ok(flips, "no flipped bit leads outside");

    gosc_span certificate = certificate_of(&rows[0].parts);
    gosc_span found[2];
    tap_ok(gosc_der_spki(certificate, &found[0], &found[1]) == GOSC_OK &&
               bytes_equal_hex(found[0], "06032b657006012a") && bytes_equal_hex(found[1], "aa"),
           "GO-2.4-03 algorithm and key");
    bytes_free(certificate);
}

int main(void)
{
    forms();
    certificates();
    return tap_done();
}
