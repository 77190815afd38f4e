/* SPDX-License-Identifier: BSD-2-Clause */
/* The interface of lab.h over switch and ports. */
#include "lab.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "complaint.h"
#include "guard.h"
#include "port_stdio.h"
#include "port_tun.h"
#include "process.h"
#include "switch.h"

struct lab {
    lab_config config;
    lab_switch sw;
    char names[LAB_PEERS_MAX][LAB_NAME_MAX];
    pid_t *running;
    size_t n_running, running_room;
    lab_guard guard;
    lab_text text;
    lab_stdio io;
    lab_port_tun *tun; /* NULL: another port */
};

static bool is_tun(const lab *l)
{
    return l->tun != NULL;
}

static lab_err usage(lab *l, const char *what)
{
    return lab_complain(&l->text, LAB_ERR_USAGE, "lab: %s", what);
}

/* checked adds the words that results of the switch lack. */
static lab_err checked(lab *l, lab_err err)
{
    if (err == LAB_ERR_MEMORY) {
        return lab_complain(&l->text, err, "lab: out of memory");
    }
    return err;
}

static bool is_peer(const lab *l, int peer)
{
    return peer >= 0 && peer < l->sw.n_peers;
}

static void clock_read(lab *l)
{
    if (is_tun(l)) {
        l->sw.now_us = lab_port_tun_now(l->tun);
    }
}

static bool out(void *arg, int peer, const lab_packet *packet)
{
    lab *l = arg;
    if (is_tun(l)) {
        return lab_port_tun_write(l->tun, peer, packet);
    }
    l->config.deliver(l->config.arg, peer, packet);
    return true;
}

lab_err lab_open(const lab_config *config, lab **opened)
{
    lab *l = calloc(1, sizeof *l);
    *opened = l;
    if (l == NULL) {
        return LAB_ERR_MEMORY;
    }
    l->config = *config;
    l->sw.arg = config->arg;
    l->sw.event = config->event;
    l->sw.out_arg = l;
    l->sw.out = out;
    lab_stdio_init(&l->io);
    if (config->port == LAB_TUN) {
        l->tun = calloc(1, sizeof *l->tun);
        return l->tun == NULL ? checked(l, LAB_ERR_MEMORY) : lab_port_tun_open(l->tun, &l->text);
    }
    l->sw.latency_us = config->latency_us;
    if (config->port != LAB_STDIO || config->deliver == NULL) {
        return usage(l, "lab_open: a port and, for stdio, a call that delivers are needed");
    }
    return LAB_OK;
}

void lab_close(lab *l)
{
    if (l == NULL) {
        return;
    }
    for (size_t i = 0; i < l->n_running; i++) {
        lab_process_kill(l->running[i]);
    }
    for (size_t i = 0; i < l->n_running; i++) {
        lab_process_wait(l->running[i]);
    }
    lab_guard_stop(&l->guard);
    if (is_tun(l)) {
        lab_port_tun_close(l->tun);
        free(l->tun);
    }
    lab_switch_free(&l->sw);
    free(l->running);
    free(l);
}

const char *lab_complaint(const lab *l)
{
    return l->text.line;
}

/* ---- peers ---- */

lab_err lab_peer_add(lab *l, const char *name, int *peer)
{
    int next = l->sw.n_peers;
    if (next == LAB_PEERS_MAX) {
        return usage(l, "lab_peer_add: there is no room for one more peer");
    }
    if (!lab_name_is_good(name) || lab_peer_find(l, name) != LAB_NOBODY) {
        return usage(l, "lab_peer_add: the name is too long or was used before");
    }
    if (is_tun(l)) {
        lab_err err = lab_port_tun_add(l->tun, next, &l->text);
        if (err != LAB_OK) {
            return err;
        }
    }
    memcpy(l->names[next], name, strlen(name) + 1);
    l->sw.n_peers++;
    *peer = next;
    return LAB_OK;
}

int lab_n_peers(const lab *l)
{
    return l->sw.n_peers;
}

const char *lab_peer_name(const lab *l, int peer)
{
    return is_peer(l, peer) ? l->names[peer] : NULL;
}

int lab_peer_find(const lab *l, const char *name)
{
    for (int i = 0; i < l->sw.n_peers; i++) {
        if (strcmp(l->names[i], name) == 0) {
            return i;
        }
    }
    return LAB_NOBODY;
}

lab_addr lab_peer_addr(const lab *l, int peer, lab_family family, uint16_t port)
{
    return is_peer(l, peer) ? lab_switch_addr(peer, family, port) : (lab_addr){.family = LAB_NO_FAMILY};
}

int lab_peer_at(const lab *l, const lab_addr *addr)
{
    return lab_switch_at(&l->sw, addr);
}

lab_err lab_spawn(lab *l, int peer, char *const *argv, char *const *env, const char *dir,
                  lab_process *process)
{
    if (!is_peer(l, peer) || argv == NULL || argv[0] == NULL) {
        return usage(l, "lab_spawn: no such peer, or no program");
    }
    if (l->guard.pid <= 0) {
        lab_err err = lab_guard_start(&l->guard, &l->text);
        if (err != LAB_OK) {
            return err;
        }
    }
    void *array = l->running;
    bool grown = lab_grow(&array, &l->running_room, l->n_running, sizeof *l->running);
    l->running = array;
    if (!grown) {
        return checked(l, LAB_ERR_MEMORY);
    }
    const lab_start start = {is_tun(l) ? &l->tun->netns : NULL, is_tun(l) ? &l->tun->homes[peer] : NULL, argv,
                             env, dir};
    lab_err err = lab_process_start(&start, process, &l->text);
    if (err == LAB_OK) {
        l->running[l->n_running++] = process->pid;
        lab_guard_tell(&l->guard, process->pid, true);
    }
    return err;
}

void lab_reaped(lab *l, pid_t pid)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->n_running; i++) {
        if (l->running[i] != pid) {
            l->running[kept++] = l->running[i];
        } else {
            /* What it has started and left behind; without members there is no such group any more. */
            (void)kill(-pid, SIGKILL);
            lab_guard_tell(&l->guard, pid, false);
        }
    }
    l->n_running = kept;
}

/* ---- what peers say on the stdio port ---- */

lab_err lab_send(lab *l, int peer, const lab_addr *from, const lab_addr *to, gosc_span bytes,
                 uint32_t *number)
{
    if (is_tun(l) || !is_peer(l, peer)) {
        return usage(l, "lab_send: no such peer, or not the port stdio");
    }
    if (from->family != to->family || from->family == LAB_NO_FAMILY || bytes.len > LAB_DATAGRAM_MAX ||
        !gosc_span_present(bytes)) {
        return usage(l, "lab_send: addresses of two families, or a datagram that is absent or too long");
    }
    lab_packet packet = {.from_peer = peer, .from = *from, .to = *to, .bytes = bytes};
    return checked(l, lab_switch_accept(&l->sw, &packet, LAB_ANY, 0, number));
}

static lab_err member_set(lab *l, int peer, const lab_addr *group, bool joined)
{
    if (is_tun(l) || !is_peer(l, peer) || !lab_addr_is_group(group)) {
        return usage(l, "lab_join, lab_leave: no such peer, no multicast address, or not the port stdio");
    }
    return checked(l, lab_switch_member(&l->sw, peer, group, joined));
}

lab_err lab_join(lab *l, int peer, const lab_addr *group)
{
    return member_set(l, peer, group, true);
}

lab_err lab_leave(lab *l, int peer, const lab_addr *group)
{
    return member_set(l, peer, group, false);
}

lab_err lab_wake(lab *l, int peer, uint64_t at_us)
{
    if (is_tun(l) || !is_peer(l, peer) || (at_us != LAB_NEVER && l->config.wake == NULL)) {
        return usage(l, "lab_wake: no such peer, nothing to call, or not the port stdio");
    }
    l->io.wake_us[peer] = at_us;
    return LAB_OK;
}

bool lab_is_member(const lab *l, int peer, const lab_addr *group)
{
    return is_peer(l, peer) && lab_members_has(&l->sw.members, peer, group);
}

/* ---- the attacker ---- */

lab_err lab_rule_add(lab *l, const lab_rule *rule, int *id)
{
    bool good_action = rule->action >= LAB_DROP && rule->action <= LAB_EDIT;
    if (!good_action || (rule->action == LAB_EDIT && rule->edit == NULL) ||
        (rule->from != LAB_ANY && !is_peer(l, rule->from)) ||
        (rule->to != LAB_ANY && !is_peer(l, rule->to)) ||
        (rule->name != NULL && !lab_name_is_good(rule->name))) {
        return usage(l, "lab_rule_add: unknown action or peer, an edit without its call, or a bad name");
    }
    *id = lab_rules_add(&l->sw.rules, rule);
    return *id > 0 ? LAB_OK : checked(l, LAB_ERR_MEMORY);
}

lab_err lab_rule_remove(lab *l, int id)
{
    lab_rule_state *state = lab_rules_find(&l->sw.rules, id);
    if (state == NULL) {
        return usage(l, "lab_rule_remove: no such rule");
    }
    lab_rules_remove(&l->sw.rules, state);
    return LAB_OK;
}

unsigned lab_rule_count(const lab *l, int id, unsigned *acted)
{
    const lab_rule_state *state = lab_rules_find(&l->sw.rules, id);
    if (acted != NULL) {
        *acted = state == NULL ? 0 : state->n_acted;
    }
    return state == NULL ? 0 : state->n_fit;
}

lab_err lab_release(lab *l, uint32_t number, int peer)
{
    clock_read(l);
    lab_err err = lab_switch_release(&l->sw, number, peer);
    return err == LAB_ERR_USAGE ? usage(l, "lab_release: nothing such is held") : checked(l, err);
}

lab_err lab_inject(lab *l, const lab_injection *injection, uint32_t *number)
{
    const lab_packet *of = lab_packet_at(l, injection->of);
    lab_packet packet = {.from_peer = LAB_NOBODY,
                         .from = injection->from,
                         .to = injection->to,
                         .bytes = injection->bytes,
                         .cause = injection->cause,
                         .of = injection->of,
                         .name = injection->name};
    if (of != NULL) {
        packet.from = packet.from.family == LAB_NO_FAMILY ? of->from : packet.from;
        packet.to = packet.to.family == LAB_NO_FAMILY ? of->to : packet.to;
        packet.bytes = gosc_span_present(packet.bytes) ? packet.bytes : of->bytes;
    }
    if ((of == NULL && injection->of != 0) || packet.cause == LAB_CAUSE_PEER ||
        packet.from.family != packet.to.family || packet.from.family == LAB_NO_FAMILY ||
        !gosc_span_present(packet.bytes) || packet.bytes.len > LAB_DATAGRAM_MAX ||
        (injection->only != LAB_ANY && !is_peer(l, injection->only)) ||
        (injection->name != NULL && !lab_name_is_good(injection->name))) {
        return usage(l, "lab_inject: no such packet or peer, no addresses of one family, or no bytes");
    }
    clock_read(l);
    uint64_t delay_us = (uint64_t)injection->delay_ms * 1000;
    return checked(l, lab_switch_accept(&l->sw, &packet, injection->only, delay_us, number));
}

/* ---- the record ---- */

uint32_t lab_n_packets(const lab *l)
{
    return l->sw.record.n_packets;
}

const lab_packet *lab_packet_at(const lab *l, uint32_t number)
{
    return lab_record_at(&l->sw.record, number);
}

lab_err lab_name(lab *l, uint32_t number, const char *name)
{
    lab_err err = lab_record_name_add(&l->sw.record, number, name);
    return err == LAB_ERR_USAGE ? usage(l, "lab_name: no such packet, or a bad name") : checked(l, err);
}

const lab_packet *lab_packet_find(const lab *l, const char *name)
{
    return lab_record_find(&l->sw.record, name);
}

/* ---- time ---- */

uint64_t lab_now_us(const lab *l)
{
    return is_tun(l) ? lab_port_tun_now(l->tun) : l->sw.now_us;
}

uint64_t lab_next_us(const lab *l)
{
    const lab_leg *first = lab_queue_first(&l->sw.queue);
    uint64_t wake = lab_stdio_next(&l->io, l->sw.n_peers);
    return first != NULL && first->due_us < wake ? first->due_us : wake;
}

size_t lab_n_queued(const lab *l)
{
    return l->sw.queue.n;
}

size_t lab_n_held(const lab *l)
{
    return l->sw.n_held;
}

int lab_fd(const lab *l)
{
    return is_tun(l) ? l->tun->epoll : -1;
}

lab_err lab_step(lab *l, unsigned *n_done)
{
    unsigned n = 0;
    lab_err err = LAB_OK;
    clock_read(l);
    if (is_tun(l)) {
        err = lab_port_tun_read(l->tun, &l->sw, &n, &l->text);
    }
    if (err == LAB_OK) {
        err = checked(l, lab_switch_deliver(&l->sw, &n));
        if (err == LAB_ERR_SYSTEM) {
            (void)lab_complain(&l->text, err, "lab: writing to a device: %s", strerror(errno));
        }
    }
    if (err == LAB_OK && !is_tun(l)) {
        lab_stdio_wake(&l->io, l->sw.n_peers, l->sw.now_us, &l->config, &n);
    }
    if (n_done != NULL) {
        *n_done = n;
    }
    return err;
}

lab_err lab_advance(lab *l, uint64_t limit_us, unsigned *n_done)
{
    uint64_t next = lab_next_us(l);
    uint64_t until = next < limit_us ? next : limit_us;
    if (is_tun(l)) {
        lab_err err = lab_port_tun_wait(l->tun, until, &l->text);
        return err != LAB_OK ? err : lab_step(l, n_done);
    }
    if (until == LAB_NEVER) {
        return usage(l, "lab_advance: nothing is queued, and no limit was given");
    }
    /* What is overdue happens now: time does not go back. */
    l->sw.now_us = until > l->sw.now_us ? until : l->sw.now_us;
    return lab_step(l, n_done);
}
