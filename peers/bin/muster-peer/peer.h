/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * muster-peer: an endpoint behind the peer protocol (interop/PROTOCOL.md). One JSON object a line comes in,
 * one goes out.
 */
#ifndef PEER_H
#define PEER_H

#include <jansson.h>

#include "context_read.h"
#include "endpoint.h"
#include "resources.h"
#include "udp.h"

enum {
    PEER_LINE_MAX = 1048576, /* bytes of a line */
    PEER_JOINED_MAX = 64,
    PEER_KEEPS_MAX = 16,
};

typedef enum peer_port {
    PEER_STDIO,
    PEER_UDP,
} peer_port;

/* What a group was configured with and a rekey needs again. */
typedef struct peer_group {
    struct peer_group *next;
    char name[IO_NAME_MAX];
    bool unverified; /* countersignatures are not checked: -02 Appendix F */
    bool has_freshness;
    uint32_t freshness_ms;
    gosc_sync_method *sync;
    void *rederive; /* what Appendix B.2 begins with (configure.c); NULL: it is not done */
} peer_group;

/* peer_group_free gives a group and its keys back, when no endpoint uses them any more. */
void peer_group_free(peer_group *group);

typedef struct peer_keep {
    char *directory;
    io_state_db *db;
} peer_keep;

typedef struct peer {
    bool lab; /* randomness may be seeded */
    bool quit;
    peer_port port;
    uint64_t now_ms;
    io_random random;
    io_endpoint *endpoint;
    io_resources resources;
    peer_group *groups;
    io_udp udp;
    io_address owned[PEER_JOINED_MAX]; /* port stdio: addresses of ours */
    size_t n_owned;
    io_address joined[PEER_JOINED_MAX];
    size_t n_joined;
    peer_keep keeps[PEER_KEEPS_MAX];
    size_t n_keeps;
    char *out; /* lines not yet written */
    size_t out_len;
    size_t out_room;
} peer;

/* peer_line processes one line without its newline. */
void peer_line(peer *p, const char *line, size_t len);
/* peer_line_too_long answers a line that nobody read. */
void peer_line_too_long(peer *p);

/* peer_put queues an object as a line and takes the reference; peer_flush writes what is queued, ends the
 * program when nobody reads. */
void peer_put(peer *p, json_t *object);
void peer_flush(peer *p);

/* peer_event and peer_datagram are the sinks of the endpoint, peer_app its application; arg is the peer. */
void peer_event(void *arg, const io_event *event);
void peer_datagram(void *arg, const io_path *path, gosc_span datagram);
void peer_app(void *arg, const io_app_request *request, io_app_answer *answer);
void peer_note(peer *p, const char *text);

/* What an operation comes to: an object (new reference) with the keys of its answer; else *fault says why
 * not, or *unsupported is set. */
typedef json_t *peer_operation(peer *p, vec_arena *arena, const json_t *request, const char **fault,
                               bool *unsupported);

typedef struct peer_row {
    const char *op;
    const vec_rule *keys; /* beside id and op */
    peer_operation *call;
} peer_row;

/* Operations, ended by a row without name. */
extern const peer_row peer_rows[];

/* Parts of the table, by file. */
peer_operation peer_hello;
peer_operation peer_configure;
peer_operation peer_rekey;
peer_operation peer_join;
peer_operation peer_leave;
peer_operation peer_state;
peer_operation peer_protect;
peer_operation peer_unprotect;
peer_operation peer_check;
extern const vec_rule peer_hello_keys[];
extern const vec_rule peer_configure_keys[];
extern const vec_rule peer_rekey_keys[];
extern const vec_rule peer_membership_keys[];
extern const vec_rule peer_protect_keys[];
extern const vec_rule peer_unprotect_keys[];
extern const vec_rule peer_check_keys[];

/* peer_hex gives JSON of bytes: lower-case hex, null when absent. */
json_t *peer_hex(gosc_span bytes);
json_t *peer_text(const char *text); /* null for NULL */
/* peer_method_find gives a method's code by its name, 0 when there is none. */
uint8_t peer_method_find(const char *name);

#endif
