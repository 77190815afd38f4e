/* SPDX-License-Identifier: BSD-2-Clause */
#include "complaint.h"

#include <stdarg.h>
#include <stdio.h>

lab_err lab_complain(lab_text *text, lab_err err, const char *format, ...)
{
    va_list words;
    va_start(words, format);
    (void)vsnprintf(text->line, sizeof text->line, format, words);
    va_end(words);
    return err;
}
