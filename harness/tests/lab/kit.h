/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of the lab share: bytes from hex in memory of exactly their size, and a log of events as
 * text.
 */
#ifndef MUSTER_TESTS_LAB_KIT_H
#define MUSTER_TESTS_LAB_KIT_H

#include <stdarg.h>
#include <string.h>

#include "lab.h"
#include "tap.h"

enum {
    KIT_LOG_ROOM = 1 << 16,
};

#define KIT_COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline _Noreturn void kit_give_up(const char *what)
{
    printf("Bail out! %s\n", what);
    exit(EXIT_FAILURE);
}

static inline void kit_need(lab_err err, const lab *l)
{
    if (err != LAB_OK) {
        kit_give_up(lab_complaint(l));
    }
}

/* kit_copy: to be freed with free. Room for 0 bytes ends before its first byte. */
static inline gosc_span kit_copy(gosc_span bytes)
{
    uint8_t *room = malloc(bytes.len > 0 ? bytes.len : 1);
    if (room == NULL) {
        kit_give_up("no memory");
    }
    if (bytes.len > 0) {
        memcpy(room, bytes.ptr, bytes.len);
    }
    return gosc_span_of(room, bytes.len);
}

static inline void kit_free(gosc_span bytes)
{
    free((void *)(uintptr_t)bytes.ptr);
}

/* kit_hex: hex digits, blanks allowed between bytes. Free with kit_free. */
static inline gosc_span kit_hex(const char *hex)
{
    uint8_t room[512];
    size_t len = 0;
    for (const char *p = hex; *p != '\0'; p++) {
        if (*p == ' ') {
            continue;
        }
        unsigned value = 0;
        if (len == sizeof room || sscanf(p, "%2x", &value) != 1 || p[1] == '\0') {
            kit_give_up("bad hexadecimal in a test");
        }
        room[len++] = (uint8_t)value;
        p++;
    }
    return kit_copy(gosc_span_of(room, len));
}

static inline lab_addr kit_addr(const char *text)
{
    lab_addr addr = {.family = LAB_NO_FAMILY};
    if (!lab_addr_parse(text, &addr)) {
        kit_give_up("bad address in a test");
    }
    return addr;
}

typedef struct kit_log {
    char text[KIT_LOG_ROOM];
    size_t len;
    bool with_time;
} kit_log;

static inline void kit_log_add(kit_log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline void kit_log_add(kit_log *log, const char *format, ...)
{
    va_list words;
    va_start(words, format);
    int n = vsnprintf(log->text + log->len, sizeof log->text - log->len, format, words);
    va_end(words);
    if (n < 0 || (size_t)n >= sizeof log->text - log->len) {
        kit_give_up("the log of a test is full");
    }
    log->len += (size_t)n;
}

/* kit_log_event, for lab_config.event: "seen 1; held 1 2 r1; " (packet, peer, rule). */
static inline void kit_log_event(void *arg, const lab_event *event)
{
    kit_log *log = arg;
    char group[LAB_ADDR_TEXT];
    if (log->with_time) {
        kit_log_add(log, "%llu ", (unsigned long long)event->at_us);
    }
    kit_log_add(log, "%s", lab_event_name(event->kind));
    if (event->packet != NULL) {
        kit_log_add(log, " %u", (unsigned)event->packet->number);
    }
    if (event->peer != LAB_NOBODY) {
        kit_log_add(log, " p%d", event->peer);
    }
    if (event->rule != 0) {
        kit_log_add(log, " r%d", event->rule);
    }
    if (event->group.family != LAB_NO_FAMILY) {
        kit_log_add(log, " %s", lab_addr_write(&event->group, group));
    }
    if (event->text != NULL) {
        kit_log_add(log, " (%s)", event->text);
    }
    kit_log_add(log, "; ");
}

/* kit_log_is compares and empties the log; says both when they differ. */
static inline bool kit_log_is(kit_log *log, const char *expected, const char *text)
{
    bool good = strcmp(log->text, expected) == 0;
    if (!good) {
        printf("# expected: %s\n# found:    %s\n", expected, log->text);
    }
    log->len = 0;
    log->text[0] = '\0';
    return tap_ok(good, text);
}

#endif
