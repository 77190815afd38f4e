/* SPDX-License-Identifier: BSD-2-Clause */
/* One line about what went wrong. */
#ifndef LAB_COMPLAINT_H
#define LAB_COMPLAINT_H

#include "lab.h"

typedef struct lab_text {
    char line[320];
} lab_text;

/* lab_complain writes the line and gives err back. */
lab_err lab_complain(lab_text *text, lab_err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
