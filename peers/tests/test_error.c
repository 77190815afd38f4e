/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks the list of results: every number has its name and sentence, none stands twice, all are in a range.
 */
#include "error.h"

#include <string.h>

#include "tap.h"

static const struct {
    int number;
    const char *name;
    const char *sentence;
} all[] = {
#define ROW(name, number, text, sentence) {number, text, sentence},
    GOSC_ERRORS(ROW)
#undef ROW
};

enum {
    N_ALL = sizeof all / sizeof all[0],
};

/* Usage 1-19, CoAP, option and structures 20-39, context 40-59, replay and freshness 60-69, crypto 70-79. */
static bool rises(void)
{
    for (int i = 1; i < N_ALL; i++) {
        if (all[i].number <= all[i - 1].number) {
            return false;
        }
    }
    return all[0].number == 0 && all[1].number >= 1 && all[N_ALL - 1].number < 80;
}

int main(void)
{
    bool names = true;
    bool sentences = true;
    bool unique = true;
    bool well_formed = true;
    for (int i = 0; i < N_ALL; i++) {
        gosc_err err = (gosc_err)all[i].number;
        names = names && strcmp(gosc_err_name(err), all[i].name) == 0;
        sentences = sentences && strcmp(gosc_strerror(err), all[i].sentence) == 0;
        well_formed = well_formed && all[i].name[0] != '\0' && all[i].sentence[0] != '\0' &&
                      strspn(all[i].name, "abcdefghijklmnopqrstuvwxyz-") == strlen(all[i].name);
        for (int j = 0; j < i; j++) {
            unique = unique && strcmp(all[i].name, all[j].name) != 0 &&
                     strcmp(all[i].sentence, all[j].sentence) != 0;
        }
    }
    tap_ok(rises(), "numbers rise from 0 and stay in their ranges");
    tap_ok(names, "every number has its own name");
    tap_ok(sentences, "every number has its own sentence");
    tap_ok(unique, "no name and no sentence stands twice");
    tap_ok(well_formed, "names are lower case and hyphens, sentences are not empty");
    tap_ok(GOSC_OK == 0 && strcmp(gosc_err_name(GOSC_OK), "ok") == 0, "0 is success");
    tap_ok(strcmp(gosc_err_name(GOSC_ERR_CRYPTO), "crypto") == 0, "the last one is found");

    bool others = true;
    int n_known = 0;
    for (int number = -300; number < 600; number++) {
        bool known = false;
        for (int i = 0; i < N_ALL; i++) {
            known = known || all[i].number == number;
        }
        n_known += known;
        others = others && (known || (strcmp(gosc_err_name((gosc_err)number), "unknown") == 0 &&
                                      strcmp(gosc_strerror((gosc_err)number), "unknown error number") == 0));
    }
    tap_ok(others && n_known == N_ALL,
           "any other number is unknown, also one that equals a known one modulo 256");
    return tap_done();
}
