/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Credentials and COSE_Keys: tables, and all cuts and flips of good ones.
 * Certificates were made with `openssl req -x509`, the others by hand.
 */
#include "credential.h"

#include "bytes.h"
#include "tap.h"

/* Coordinates of 32, 48 and 66 bytes; that they are on the curve is no matter here. */
#define X16 "000102030405060708090a0b0c0d0e0f"
#define X32 X16 X16
#define X48 X16 X16 X16
#define X66 X16 X16 X16 X16 "fffe"
#define BSTR32 "5820" X32
#define BSTR48 "5830" X48
#define BSTR66 "5842" X66

#define KEY_ED "a3 0101 2006 21" BSTR32
#define KEY_P256 "a4 0102 2001 21" BSTR32 "22" BSTR32

static const struct {
    const char *text;
    const char *key;
    int32_t curve; /* 0: refused */
    int32_t alg;
    char y; /* n none, b bytes, 0 or 1 the sign */
} keys[] = {
    {"GO-2.4-03 Ed25519", KEY_ED, 6, 0, 'n'},
    {"GO-2.4-03 X25519", "a3 0101 2004 21" BSTR32, 4, 0, 'n'},
    {"GO-2.4-03 P-256", KEY_P256, 1, 0, 'b'},
    {"GO-2.4-03 P-384", "a4 0102 2002 21" BSTR48 "22" BSTR48, 2, 0, 'b'},
    {"GO-2.4-03 P-521", "a4 0102 2003 21" BSTR66 "22" BSTR66, 3, 0, 'b'},
    {"P-256, compressed, even", "a4 0102 2001 21" BSTR32 "22f4", 1, 0, '0'},
    {"P-256, compressed, odd", "a4 0102 2001 21" BSTR32 "22f5", 1, 0, '1'},
    {"alg is handed on", "a4 0101 0327 2006 21" BSTR32, 6, -8, 'n'},
    {"alg of 32 bits", "a4 0101 033a7fffffff 2006 21" BSTR32, 6, INT32_MIN, 'n'},
    {"alg of 33 bits", "a4 0101 033a80000000 2006 21" BSTR32, 0, 0, 'n'},
    {"alg of 64 bits that wraps", "a4 0101 031b0000000100000006 2006 21" BSTR32, 0, 0, 'n'},
    {"alg is text", "a4 0101 03654564445341 2006 21" BSTR32, 0, 0, 'n'},
    {"labels in any order", "a3 21" BSTR32 "2006 0101", 6, 0, 'n'},
    {"other labels are skipped", "a6 0101 024178 2006 21" BSTR32 "3863 80 6178 a10102", 6, 0, 'n'},
    {"another label twice", "a5 0101 024178 024179 2006 21" BSTR32, 0, 0, 'n'},
    {"private part in an OKP key", "a4 0101 2006 21" BSTR32 "23" BSTR32, 0, 0, 'n'},
    {"private part in an EC2 key", "a5 0102 2001 21" BSTR32 "22" BSTR32 "23" BSTR32, 0, 0, 'n'},
    {"private part that is null", "a4 0101 2006 21" BSTR32 "23f6", 0, 0, 'n'},
    {"kty missing", "a2 2006 21" BSTR32, 0, 0, 'n'},
    {"kty Symmetric", "a3 0104 2006 21" BSTR32, 0, 0, 'n'},
    {"kty as text", "a3 01634f4b50 2006 21" BSTR32, 0, 0, 'n'},
    {"crv missing", "a2 0101 21" BSTR32, 0, 0, 'n'},
    {"crv Ed448", "a3 0101 2007 21" BSTR32, 0, 0, 'n'},
    {"crv X448", "a3 0101 2005 21" BSTR32, 0, 0, 'n'},
    {"crv 0", "a3 0101 2000 21" BSTR32, 0, 0, 'n'},
    {"crv 2^32 + 6 wraps to Ed25519", "a3 0101 201b0000000100000006 21" BSTR32, 0, 0, 'n'},
    {"crv negative", "a3 0101 2020 21" BSTR32, 0, 0, 'n'},
    {"EC2 curve in an OKP key", "a3 0101 2001 21" BSTR32, 0, 0, 'n'},
    {"OKP curve in an EC2 key", "a4 0102 2006 21" BSTR32 "22" BSTR32, 0, 0, 'n'},
    {"x missing", "a2 0101 2006", 0, 0, 'n'},
    {"x of 31 bytes", "a3 0101 2006 21 581f" X16 "000102030405060708090a0b0c0d0e", 0, 0, 'n'},
    {"x of 33 bytes", "a3 0101 2006 21 5821" X32 "00", 0, 0, 'n'},
    {"x is text", "a3 0101 2006 21 7820" X32, 0, 0, 'n'},
    {"x of another EC2 curve", "a4 0102 2002 21" BSTR32 "22" BSTR32, 0, 0, 'n'},
    {"y in an OKP key", "a4 0101 2006 21" BSTR32 "22" BSTR32, 0, 0, 'n'},
    {"y missing", "a3 0102 2001 21" BSTR32, 0, 0, 'n'},
    {"y of 31 bytes", "a4 0102 2001 21" BSTR32 "22 581f" X16 "000102030405060708090a0b0c0d0e", 0, 0, 'n'},
    {"y of 33 bytes", "a4 0102 2001 21" BSTR32 "22 5821" X32 "00", 0, 0, 'n'},
    {"y null (A33)", "a4 0102 2001 21" BSTR32 "22f6", 0, 0, 'n'},
    {"y 1", "a4 0102 2001 21" BSTR32 "2201", 0, 0, 'n'},
    {"no map", "83 0101 2006", 0, 0, 'n'},
    {"tagged", "c1" KEY_ED, 0, 0, 'n'},
    {"a byte behind", KEY_ED "00", 0, 0, 'n'},
    {"label twice", "a4 0101 0101 2006 21" BSTR32, 0, 0, 'n'},
    {"indefinite length", "bf 0101 2006 21" BSTR32 "ff", 0, 0, 'n'},
    {"nothing", "", 0, 0, 'n'},
};

static bool key_holds(const gosc_public_key *key, gosc_span whole)
{
    size_t len = gosc_curve_len(key->curve);
    bool is_okp = key->curve == GOSC_CURVE_ED25519 || key->curve == GOSC_CURVE_X25519;
    return len > 0 && key->x.len == len && bytes_inside(key->x, whole) && bytes_inside(key->y, whole) &&
           (key->y.ptr == NULL || (key->y.len == len && !is_okp)) && !(is_okp && key->y_odd);
}

static void cose_keys(void)
{
    bool cuts = true;
    bool flips = true;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        gosc_span bytes = bytes_hex(keys[i].key);
        gosc_public_key key = {0};
        gosc_err err = gosc_cose_key_parse(bytes, &key);
        bool right = err == GOSC_ERR_COSE_MALFORMED && keys[i].curve == 0 && key.x.ptr == NULL;
        if (err == GOSC_OK) {
            char y = (char)(key.y.ptr != NULL ? 'b' : key.y_odd ? '1' : keys[i].y == '0' ? '0' : 'n');
            right = key.curve == keys[i].curve && key.alg == keys[i].alg && y == keys[i].y &&
                    key_holds(&key, bytes);
        }
        tap_ok(right, keys[i].text);
        for (size_t len = 0; keys[i].curve != 0 && len < bytes.len; len++) {
            gosc_span cut = bytes_copy(gosc_span_of(bytes.ptr, len));
            cuts = cuts && gosc_cose_key_parse(cut, &key) == GOSC_ERR_COSE_MALFORMED;
            bytes_free(cut);
        }
        for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
            gosc_span flipped = bytes_flip(bytes, bit);
            flips = flips && (gosc_cose_key_parse(flipped, &key) != GOSC_OK || key_holds(&key, flipped));
            bytes_free(flipped);
        }
        bytes_free(bytes);
    }
    tap_ok(cuts, "every cut of a good COSE_Key is malformed");
    tap_ok(flips, "no flipped bit gives a key of another size or from outside");

    bool lens = true;
    static const size_t wanted[] = {0, 32, 48, 66, 32, 0, 32, 0, 0};
    for (int32_t curve = -3; curve < 300; curve++) {
        lens = lens && gosc_curve_len(curve) == (curve >= 0 && curve < 9 ? wanted[curve] : 0);
    }
    tap_ok(lens && gosc_curve_len(INT32_MIN) == 0 && gosc_curve_len(INT32_MAX) == 0, "length of every curve");
}

#define CCS_ED "a2 02 6161 08 a1 01" KEY_ED
#define PAYLOAD_ED "[" CCS_ED "]"

#define TBS_ED                                                                                               \
    "3081dfa00302010202145e2ea714056aa25b613a110f6e8035238bb4de7f300506032b6570300c310a300806035504030c01"   \
    "61301e170d3236313132303233323834365a170d3336313131373233323834365a300c310a300806035504030c0161302a30"   \
    "0506032b657003210028d1662165af879b135d15354bdbd8137f045f2e73b977417e455754fb21d352a3533051301d060355"   \
    "1d0e041604142ea6799e55965ebfa673a75534c0df6615386364301f0603551d230418301680142ea6799e55965ebfa673a7"   \
    "5534c0df6615386364300f0603551d130101ff040530030101ff"
#define CERT_ED                                                                                              \
    "3082012c" TBS_ED "300506032b657003410015cd6be6ad38d72e9e50491f4f6e08b7bf4f247966e96d1cc58059a22ba84cd2" \
    "f6a1caceac377bdd6ced5ad386fa4981e62ac36b2cb11b82e0fe0a2184a33205"
#define CERT_P256                                                                                            \
    "3082016d30820113a00302010202146485f75a9f26cd6c870d8413aa2851965567d8ea300a06082a8648ce3d040302300c31"   \
    "0a300806035504030c0162301e170d3236313132303233323834365a170d3336313131373233323834365a300c310a300806"   \
    "035504030c01623059301306072a8648ce3d020106082a8648ce3d03010703420004562a3b497e6eefd53e8afe7fa1935a81"   \
    "d0545ea056e6b28d37dc1eb5d4d3b2e4174f79b396153dfd9b50816939f324fad4c89df2abaaf9cd21c3e675abcea75ea353"   \
    "3051301d0603551d0e04160414bef822c718957f937a936c9cfcf4c9c2366803e1301f0603551d23041830168014bef822c7"   \
    "18957f937a936c9cfcf4c9c2366803e1300f0603551d130101ff040530030101ff300a06082a8648ce3d0403020348003045"   \
    "02206706e3c44a85c3249a933aea22df97952826660515ca2c1a899c61e2e7303fc9022100fba3972f505df1660fbabd10e9"   \
    "6ddf60dd8274728db90e791dbf5e43a654a975"

/* A certificate of nothing but a key. */
#define CERT(algorithm, key)                                                                                 \
    "30( 30( a0(020102) 020101 30(06012a) 3000 3000 3000 30( 30(" algorithm ") 03(00" key                    \
    ") ) ) 30(06012a) 030100 )"
#define EC "06072a8648ce3d0201"
#define P256 "06082a8648ce3d030107"

static const struct {
    const char *text;
    gosc_credential_format format;
    const char *credential;
    int32_t curve; /* 0: refused */
    char y;
} rows[] = {
    {"GO-2.4-01 CCS", GOSC_CREDENTIAL_CCS, CCS_ED, 6, 'n'},
    {"CCS of cnf alone, P-256", GOSC_CREDENTIAL_CCS, "a1 08 a1 01" KEY_P256, 1, 'b'},
    {"CCS, other members of cnf are skipped", GOSC_CREDENTIAL_CCS, "a1 08 a2 034101 01" KEY_ED, 6, 'n'},
    {"CCS, other claims of any type are skipped", GOSC_CREDENTIAL_CCS,
     "a3 04 c1fb3ff0000000000000 6178 82f6a0 08 a1 01" KEY_ED, 6, 'n'},
    {"CCS without cnf", GOSC_CREDENTIAL_CCS, "a1 02 6161", 0, 'n'},
    {"CCS, cnf without COSE_Key", GOSC_CREDENTIAL_CCS, "a1 08 a1 03 4101", 0, 'n'},
    {"CCS, cnf is no map", GOSC_CREDENTIAL_CCS, "a1 08 82 01" KEY_ED, 0, 'n'},
    {"CCS, COSE_Key in a byte string", GOSC_CREDENTIAL_CCS, "a1 08 a1 01 43 a10101", 0, 'n'},
    {"CCS, COSE_Key tagged", GOSC_CREDENTIAL_CCS, "a1 08 a1 01 c1" KEY_ED, 0, 'n'},
    {"CCS with a private key", GOSC_CREDENTIAL_CCS, "a1 08 a1 01 a4 0101 2006 21" BSTR32 "23" BSTR32, 0, 'n'},
    {"GO-2.4-06 CCS tagged", GOSC_CREDENTIAL_CCS, "d9 02ac a1 08 a1 01" KEY_ED, 0, 'n'},
    {"CCS, a claim twice", GOSC_CREDENTIAL_CCS, "a3 02 6161 02 6162 08 a1 01" KEY_ED, 0, 'n'},
    {"CCS, cnf twice", GOSC_CREDENTIAL_CCS, "a2 08 a1 01" KEY_ED "08 a1 01" KEY_ED, 0, 'n'},
    {"CCS, a byte behind", GOSC_CREDENTIAL_CCS, CCS_ED "00", 0, 'n'},
    {"CCS, key for claim 1, cnf under text", GOSC_CREDENTIAL_CCS, "a1 63636e66 a1 01" KEY_ED, 0, 'n'},
    {"CCS, an array", GOSC_CREDENTIAL_CCS, "82 08 a1 01" KEY_ED, 0, 'n'},
    {"CCS, empty", GOSC_CREDENTIAL_CCS, "", 0, 'n'},
    {"CCS, empty map", GOSC_CREDENTIAL_CCS, "a0", 0, 'n'},
    {"GO-2.4-01 CWT", GOSC_CREDENTIAL_CWT, "84 43a10127 a1044101" PAYLOAD_ED "4100", 6, 'n'},
    {"CWT with empty headers and signature", GOSC_CREDENTIAL_CWT, "84 40 a0" PAYLOAD_ED "40", 6, 'n'},
    {"GO-2.4-06 CWT tagged", GOSC_CREDENTIAL_CWT, "d2 84 40 a0" PAYLOAD_ED "40", 0, 'n'},
    {"CWT of 3", GOSC_CREDENTIAL_CWT, "83 40 a0" PAYLOAD_ED, 0, 'n'},
    {"CWT of 5", GOSC_CREDENTIAL_CWT, "85 40 a0" PAYLOAD_ED "4040", 0, 'n'},
    {"CWT, protected header no byte string", GOSC_CREDENTIAL_CWT, "84 a0 a0" PAYLOAD_ED "40", 0, 'n'},
    {"CWT, protected header no map", GOSC_CREDENTIAL_CWT, "84 4101 a0" PAYLOAD_ED "40", 0, 'n'},
    {"CWT, label twice in the protected header", GOSC_CREDENTIAL_CWT, "84 45a201270127 a0" PAYLOAD_ED "40", 0,
     'n'},
    {"CWT, a byte behind in the protected header", GOSC_CREDENTIAL_CWT, "84 42a000 a0" PAYLOAD_ED "40", 0,
     'n'},
    {"CWT, unprotected header no map", GOSC_CREDENTIAL_CWT, "84 40 80" PAYLOAD_ED "40", 0, 'n'},
    {"CWT, label twice in the unprotected header", GOSC_CREDENTIAL_CWT,
     "84 40 a204410104 4102" PAYLOAD_ED "40", 0, 'n'},
    {"CWT, payload null", GOSC_CREDENTIAL_CWT, "84 40 a0 f6 40", 0, 'n'},
    {"CWT, payload a map", GOSC_CREDENTIAL_CWT, "84 40 a0" CCS_ED "40", 0, 'n'},
    {"CWT, payload text", GOSC_CREDENTIAL_CWT, "84 40 a0 61a0 40", 0, 'n'},
    {"CWT, signature null", GOSC_CREDENTIAL_CWT, "84 40 a0" PAYLOAD_ED "f6", 0, 'n'},
    {"CWT, a byte behind", GOSC_CREDENTIAL_CWT, "84 40 a0" PAYLOAD_ED "40 00", 0, 'n'},
    {"CCS taken for a CWT", GOSC_CREDENTIAL_CWT, CCS_ED, 0, 'n'},
    {"CWT taken for a CCS", GOSC_CREDENTIAL_CCS, "84 40 a0" PAYLOAD_ED "40", 0, 'n'},
    {"GO-2.4-01 certificate, Ed25519", GOSC_CREDENTIAL_X509, CERT_ED, 6, 'n'},
    {"GO-2.4-01 certificate, P-256", GOSC_CREDENTIAL_X509, CERT_P256, 1, 'b'},
    {"certificate, a byte behind", GOSC_CREDENTIAL_X509, CERT_ED "00", 0, 'n'},
    {"certificate taken for a CCS", GOSC_CREDENTIAL_CCS, CERT_ED, 0, 'n'},
    {"CCS taken for a certificate", GOSC_CREDENTIAL_X509, CCS_ED, 0, 'n'},
    {"certificate, X25519", GOSC_CREDENTIAL_X509, CERT("06032b656e", X32), 4, 'n'},
    {"certificate, Ed25519 of 31 bytes", GOSC_CREDENTIAL_X509,
     CERT("06032b6570", X16 "000102030405060708090a0b0c0d0e"), 0, 'n'},
    {"certificate, Ed25519 of 33 bytes", GOSC_CREDENTIAL_X509, CERT("06032b6570", X32 "00"), 0, 'n'},
    {"certificate, Ed25519 with parameters", GOSC_CREDENTIAL_X509, CERT("06032b6570 06012a", X32), 0, 'n'},
    {"certificate, Ed25519 with NULL parameters", GOSC_CREDENTIAL_X509, CERT("06032b6570 0500", X32), 0, 'n'},
    {"certificate, P-256 with a byte behind the curve", GOSC_CREDENTIAL_X509, CERT(EC P256 "0500", "02" X32),
     0, 'n'},
    {"certificate, algorithm an OCTET STRING", GOSC_CREDENTIAL_X509, CERT("04032b6570", X32), 0, 'n'},
    {"certificate, Ed448", GOSC_CREDENTIAL_X509, CERT("06032b6571", X32), 0, 'n'},
    {"certificate, compressed point, even", GOSC_CREDENTIAL_X509, CERT(EC P256, "02" X32), 1, '0'},
    {"certificate, compressed point, odd", GOSC_CREDENTIAL_X509, CERT(EC P256, "03" X32), 1, '1'},
    {"certificate, P-384 compressed", GOSC_CREDENTIAL_X509, CERT(EC "06052b81040022", "02" X48), 2, '0'},
    {"certificate, P-521 compressed", GOSC_CREDENTIAL_X509, CERT(EC "06052b81040023", "03" X66), 3, '1'},
    {"certificate, secp256k1", GOSC_CREDENTIAL_X509, CERT(EC "06052b8104000a", "02" X32), 0, 'n'},
    {"certificate, hybrid point", GOSC_CREDENTIAL_X509, CERT(EC P256, "06" X32), 0, 'n'},
    {"certificate, point at infinity", GOSC_CREDENTIAL_X509, CERT(EC P256, "00"), 0, 'n'},
    {"certificate, point form 1", GOSC_CREDENTIAL_X509, CERT(EC P256, "01" X32), 0, 'n'},
    {"certificate, whole point without y", GOSC_CREDENTIAL_X509, CERT(EC P256, "04" X32), 0, 'n'},
    {"certificate, compressed point a byte too long", GOSC_CREDENTIAL_X509, CERT(EC P256, "02" X32 "00"), 0,
     'n'},
    {"certificate, empty point", GOSC_CREDENTIAL_X509, CERT(EC P256, ""), 0, 'n'},
    {"certificate, EC key without curve", GOSC_CREDENTIAL_X509, CERT(EC, "02" X32), 0, 'n'},
    {"certificate, curve in place of the algorithm", GOSC_CREDENTIAL_X509, CERT(P256, "02" X32), 0, 'n'},
    {"certificate, Ed25519 in place of the curve", GOSC_CREDENTIAL_X509, CERT(EC "06032b6570", "02" X32), 0,
     'n'},
    {"unknown format", (gosc_credential_format)0, CCS_ED, 0, 'n'},
};

static void credentials(void)
{
    bool cuts = true;
    bool flips = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gosc_span bytes = bytes_nested(rows[i].credential);
        gosc_public_key key = {0};
        gosc_err err = gosc_credential_parse(rows[i].format, bytes, &key);
        bool right = err == GOSC_ERR_CREDENTIAL_MALFORMED && rows[i].curve == 0 && key.x.ptr == NULL;
        if (err == GOSC_OK) {
            char y = (char)(key.y.ptr != NULL ? 'b' : key.y_odd ? '1' : rows[i].y == '0' ? '0' : 'n');
            right = key.curve == rows[i].curve && y == rows[i].y && key.alg == 0 && key_holds(&key, bytes);
        }
        tap_ok(right, rows[i].text);
        for (size_t len = 0; rows[i].curve != 0 && len < bytes.len; len++) {
            gosc_span cut = bytes_copy(gosc_span_of(bytes.ptr, len));
            cuts = cuts && gosc_credential_parse(rows[i].format, cut, &key) == GOSC_ERR_CREDENTIAL_MALFORMED;
            bytes_free(cut);
        }
        for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
            gosc_span flipped = bytes_flip(bytes, bit);
            err = gosc_credential_parse(rows[i].format, flipped, &key);
            flips =
                flips && (err == GOSC_OK ? key_holds(&key, flipped) : err == GOSC_ERR_CREDENTIAL_MALFORMED);
            bytes_free(flipped);
        }
        bytes_free(bytes);
    }
    tap_ok(cuts, "every cut of a good credential is malformed");
    tap_ok(flips, "no flipped bit gives a key of another size or from outside");

    gosc_span bytes = bytes_hex(CERT_P256);
    gosc_public_key key;
    tap_ok(gosc_credential_parse(GOSC_CREDENTIAL_X509, bytes, &key) == GOSC_OK &&
               bytes_equal_hex(key.x, "562a3b497e6eefd53e8afe7fa1935a81d0545ea056e6b28d37dc1eb5d4d3b2e4") &&
               bytes_equal_hex(key.y, "174f79b396153dfd9b50816939f324fad4c89df2abaaf9cd21c3e675abcea75e"),
           "GO-2.4-03 x and y of a certificate");
    bytes_free(bytes);
    bytes = bytes_hex(CERT_ED);
    tap_ok(gosc_credential_parse(GOSC_CREDENTIAL_X509, bytes, &key) == GOSC_OK &&
               bytes_equal_hex(key.x, "28d1662165af879b135d15354bdbd8137f045f2e73b977417e455754fb21d352"),
           "GO-2.4-03 key of an Ed25519 certificate");
    bytes_free(bytes);
}

int main(void)
{
    cose_keys();
    credentials();
    return tap_done();
}
