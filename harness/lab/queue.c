/* SPDX-License-Identifier: BSD-2-Clause */
/* A binary heap over (due_us, order). */
#include "queue.h"

#include <assert.h>
#include <stdlib.h>

#include "record.h"

static bool before(const lab_leg *a, const lab_leg *b)
{
    return a->due_us != b->due_us ? a->due_us < b->due_us : a->order < b->order;
}

static void swap(lab_leg *a, lab_leg *b)
{
    lab_leg kept = *a;
    *a = *b;
    *b = kept;
}

bool lab_queue_put(lab_queue *queue, const lab_leg *leg)
{
    void *array = queue->heap;
    bool grown = lab_grow(&array, &queue->room, queue->n, sizeof *queue->heap);
    queue->heap = array;
    if (!grown) {
        return false;
    }
    size_t at = queue->n++;
    queue->heap[at] = *leg;
    queue->heap[at].order = queue->next_order++;
    while (at > 0 && before(&queue->heap[at], &queue->heap[(at - 1) / 2])) {
        swap(&queue->heap[at], &queue->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    return true;
}

const lab_leg *lab_queue_first(const lab_queue *queue)
{
    return queue->n == 0 ? NULL : &queue->heap[0];
}

lab_leg lab_queue_take(lab_queue *queue)
{
    assert(queue->n > 0);
    lab_leg first = queue->heap[0];
    queue->heap[0] = queue->heap[--queue->n];
    size_t at = 0;
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < queue->n; child++) {
            if (before(&queue->heap[child], &queue->heap[least])) {
                least = child;
            }
        }
        if (least == at) {
            return first;
        }
        swap(&queue->heap[at], &queue->heap[least]);
        at = least;
    }
}

void lab_queue_free(lab_queue *queue)
{
    free(queue->heap);
    *queue = (lab_queue){0};
}
