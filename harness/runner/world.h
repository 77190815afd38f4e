/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world of a case: groups (or pairs of plain OSCORE), their members, and what each member knows in each
 * epoch. Made from dialect, parameters and fixed key pairs, so that two runs of a case are equal. The harness
 * keeps all keys: it opens every packet, and its adversary is one of the members.
 */
#ifndef RUN_WORLD_H
#define RUN_WORLD_H

#include "context_read.h"
#include "scenario.h"

#define RUN_ADVERSARY "mallory" /* the member that no process plays */

/* What a group computes with; GOSC_ALG_NONE: not set. */
typedef struct run_suite {
    int32_t hkdf, aead, group_enc, signature, agreement;
    const char *cred_format; /* "ccs", ... */
    const char *reading;     /* NULL: first of the dialect */
} run_suite;

typedef struct run_member {
    const char *name;
    gosc_span id;          /* absent: a silent server has none */
    gosc_span later;       /* its id from epoch 1 on; absent: the same */
    gosc_span credential;  /* absent in oscore */
    gosc_span private_key; /* absent in oscore */
    const json_t *peer;    /* of the plan; NULL: the adversary */
} run_member;

/* What one member has in one epoch, as the harness uses it. */
typedef struct run_view {
    unsigned epoch;
    size_t member;
    gosc_security_context *context;
    struct run_view *older;
} run_view;

typedef struct run_group {
    const char *name;
    size_t index; /* among the groups of its world */
    run_suite suite;
    const char *dialect;     /* that of the world, or oscore: a pair beside the groups */
    const json_t *overrides; /* NULL: none */
    const char *address;     /* group address with port; "" for a pair */
    run_member *members;
    size_t n_members;
    run_view *views;    /* made when first asked for */
    gosc_span *derived; /* ID Contexts of RFC 8613 Appendix B.2 that were seen on the wire */
    size_t n_derived;
} run_group;

typedef struct run_world {
    vec_arena *arena;
    const json_t *plan;
    const json_t *credentials;
    const char *dialect;
    unsigned n_epochs; /* behind the first, that were used so far */
    run_group *groups;
    size_t n_groups;
} run_world;

/* run_credentials_load reads credentials.json; NULL: check->fault. */
json_t *run_credentials_load(vec_check *check, const char *folder);

/* run_suite_of gives the algorithms of a plan: those it varies, else the usual ones of the dialect. */
run_suite run_suite_of(const json_t *plan);

/*
 * run_world_make makes the world of a plan.
 *
 * Errors    false; check->fault says why (too few key pairs, an identifier that does not fit)
 */
bool run_world_make(vec_arena *arena, vec_check *check, const json_t *plan, const json_t *credentials,
                    const run_suite *suite, run_world *world);

/* run_world_group: by name; a NULL name is the only or first one. For a pair of plain OSCORE see
 * run_world_pair. */
run_group *run_world_group(const run_world *world, const char *name);
/* run_world_pair gives the group both are members of (plain OSCORE: their pair); NULL: none. */
run_group *run_world_pair(const run_world *world, const char *name, const char *one, const char *other);

#define RUN_NO_MEMBER SIZE_MAX
size_t run_group_member(const run_group *group, const char *name);
/* run_member_id: the Sender ID of a member in an epoch. */
gosc_span run_member_id(const run_member *member, unsigned epoch);
size_t run_group_member_by_id(const run_group *group, unsigned epoch, gosc_span id);
gosc_span run_group_gid(const run_world *world, const run_group *group, unsigned epoch);

/* Epochs from here on are contexts of Appendix B.2. */
#define RUN_DERIVED 65536U
/* run_world_derived gives the epoch in which a pair of plain OSCORE has this ID Context. */
unsigned run_world_derived(run_world *world, run_group *group, gosc_span id_context);

/* run_world_context makes the Context object of a member; give it back with json_decref. */
json_t *run_world_context(const run_world *world, const run_group *group, unsigned epoch, size_t member);

/* run_world_view gives the Security Context of a member as the harness keeps it; NULL when it cannot be set
 * up. A silent server has no keys of its own in it. */
gosc_security_context *run_world_view(run_world *world, run_group *group, unsigned epoch, size_t member);

#endif
