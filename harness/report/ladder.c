/* SPDX-License-Identifier: BSD-2-Clause */
/* The message ladder of a case, as SVG. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"
#include "text.h"

enum {
    LINES_MAX = 65,  /* life lines: all peers and the adversary */
    ROWS_MAX = 300,  /* of one ladder */
    LEFT = 64,       /* room for the time */
    HEAD = 34,       /* room for the names */
    ROW_PACKET = 30, /* height of a row */
    ROW_STEP = 28,
    ROW_OTHER = 22,
    TEXT_MAX = 60, /* characters of a label */
};

typedef struct ladder {
    const rep_page *page;
    const char *names[LINES_MAX];
    size_t n_lines;
    int spacing, width, height;
    int y;
    size_t n_rows;
    bool draws; /* else only the height is wanted */
} ladder;

static int x_of(const ladder *l, size_t line)
{
    return LEFT + l->spacing / 2 + (int)line * l->spacing;
}

/* line_of gives the life line of a name; n_lines for none. */
static size_t line_of(const ladder *l, const char *name)
{
    size_t i = 0;
    while (i < l->n_lines && (name == NULL || strcmp(l->names[i], name) != 0)) {
        i++;
    }
    return i;
}

static void label(const ladder *l, int x, int y, const char *class_of, const char *anchor, const char *text)
{
    FILE *file = l->page->file;
    (void)fprintf(file, "<text x=\"%d\" y=\"%d\"", x, y);
    if (class_of[0] != '\0') {
        (void)fprintf(file, " class=\"%s\"", class_of);
    }
    if (anchor[0] != '\0') {
        (void)fprintf(file, " text-anchor=\"%s\"", anchor);
    }
    (void)fputc('>', file);
    rep_escape(file, strlen(text) > TEXT_MAX ? vec_printf(l->page->arena, "%.*s...", TEXT_MAX, text) : text);
    (void)fputs("</text>", file);
}

static void time_label(const ladder *l, const json_t *entry)
{
    label(l, LEFT - 8, l->y, "m", "end", vec_printf(l->page->arena, "%" PRId64, vec_get_int(entry, "t", 0)));
}

/* ---- packets ---- */

/* targets_mark marks the life lines that a packet arrived at. */
static void targets_mark(const ladder *l, int64_t packet, bool *arrived)
{
    for (size_t i = 0; i < json_array_size(l->page->entries); i++) {
        const json_t *entry = json_array_get(l->page->entries, i);
        if (vec_get_is(entry, "ev", "arrived") && vec_get_int(entry, "packet", 0) == packet) {
            size_t line = line_of(l, vec_get_text(entry, "by"));
            if (line < l->n_lines) {
                arrived[line] = true;
            }
        }
    }
}

static const char *packet_class(const json_t *entry)
{
    const json_t *oscore = json_object_get(entry, "oscore");
    if (vec_get_is(entry, "by", "adversary")) {
        return "a";
    }
    return vec_get_is(oscore, "mode", "group")      ? "g"
           : vec_get_is(oscore, "mode", "pairwise") ? "w"
           : oscore != NULL                         ? "s"
                                                    : "n";
}

/* arrow draws the line of an arrow, or its head: a cross where the packet ended on its way. */
static void arrow(const ladder *l, int x1, int x2, int y, bool arrived, bool head)
{
    int side = x2 > x1 ? 1 : -1;
    if (!head) {
        (void)fprintf(l->page->file, "M%d %dH%d", x1, y, x2 - 5 * side);
    } else if (arrived) {
        (void)fprintf(l->page->file, "M%d %dl%d -4v8z", x2 - side, y, -8 * side);
    } else {
        (void)fprintf(l->page->file, "M%d %dl8 8m0 -8l-8 8", x2 - 4, y - 4);
    }
}

/* arrows draws all arrows of a packet; gives where the farthest ends. */
static int arrows(const ladder *l, const bool *arrived, size_t from, size_t to, bool head)
{
    int y = l->y + 6, x1 = x_of(l, from), x2 = x1;
    bool any = false;
    for (size_t i = 0; i < l->n_lines; i++) {
        any = any || arrived[i];
        if (arrived[i] && i != from) {
            arrow(l, x1, x_of(l, i), y, true, head);
            x2 = abs(x_of(l, i) - x1) > abs(x2 - x1) ? x_of(l, i) : x2;
        }
    }
    if (x2 == x1) {
        int half = l->spacing / 2 - 14;
        bool left = to < from || (to == l->n_lines && from == l->n_lines - 1);
        x2 = left ? x1 - half : x1 + half;
        arrow(l, x1, x2, y, any, head);
    }
    return x2;
}

static void packet_row(const ladder *l, const json_t *entry)
{
    bool arrived[LINES_MAX] = {false};
    FILE *file = l->page->file;
    int64_t number = vec_get_int(entry, "packet", 0);
    const char *class_of = packet_class(entry);
    size_t from = line_of(l, vec_get_text(entry, "by"));
    targets_mark(l, number, arrived);
    size_t to = line_of(l, vec_get_text(entry, "to"));
    if (from == l->n_lines) {
        return;
    }
    int y = l->y + 6, x1 = x_of(l, from);
    (void)fprintf(file, "<a href=\"#c%zup%" PRId64 "\"><path class=\"%s\" d=\"", l->page->number, number,
                  class_of);
    int x2 = arrows(l, arrived, from, to, false);
    if (class_of[0] == 'a') { /* dashes are for the line only */
        (void)fputs("\"/><path class=\"a h\" d=\"", file);
    }
    (void)arrows(l, arrived, from, to, true);
    (void)fputs("\"/>", file);
    const char *inner = rep_inner_text(l->page->arena, entry);
    const char *fate = rep_fate(l->page, number);
    const char *outer = rep_text_or(entry, "outer_code", "no CoAP");
    const char *text = vec_printf(l->page->arena, "%" PRId64 " %s %s%s%s%s%s%s", number,
                                  rep_text_or(entry, "type", ""), outer, inner[0] != '\0' ? " [" : "", inner,
                                  inner[0] != '\0' ? "]" : "", fate[0] != '\0' ? " " : "", fate);
    /* Beside the arrow's tail, where there is room whatever its length. */
    bool to_left = x2 < x1;
    label(l, to_left ? x1 - 5 : x1 + 5, y - 5, rep_is_found(l->page, entry) ? "x" : class_of,
          to_left ? "end" : "", text);
    (void)fputs("</a>", file);
}

/* ---- what peers say, steps ---- */

static const char *event_text(vec_arena *arena, const json_t *event)
{
    const char *name = rep_text_or(event, "event", "?");
    const char *reason = vec_get_text(event, "reason");
    const char *code = vec_get_text(event, "code");
    const char *method = vec_get_text(event, "method");
    const char *path = vec_get_text(event, "path");
    const char *text = vec_get_text(event, "text");
    const char *what = text != NULL     ? text
                       : reason != NULL ? reason
                       : method != NULL ? method
                       : code != NULL   ? code
                                        : "";
    return vec_printf(arena, "%s %s%s%s", name, what, path != NULL ? " " : "", path != NULL ? path : "");
}

static void event_row(const ladder *l, const json_t *entry)
{
    const json_t *event = json_object_get(entry, "event");
    size_t line = line_of(l, vec_get_text(entry, "by"));
    bool bad = vec_get_is(event, "event", "rejected");
    if (line == l->n_lines) {
        return;
    }
    bool last = line + 1 == l->n_lines && line > 0;
    int x = x_of(l, line);
    (void)fprintf(l->page->file, "<circle cx=\"%d\" cy=\"%d\" r=\"4\"%s/>", x, l->y - 4,
                  bad ? " class=\"r\"" : "");
    label(l, last ? x - 9 : x + 9, l->y,
          rep_is_found(l->page, entry) ? "x"
          : bad                        ? "r"
                                       : "",
          last ? "end" : "", event_text(l->page->arena, event));
}

/* step_text gives a step in a few words: what, by whom. */
static const char *step_text(const ladder *l, const json_t *entry)
{
    int64_t index = vec_get_int(entry, "index", -1);
    const json_t *steps = json_object_get(l->page->plan, "steps");
    const json_t *step = index >= 0 ? json_array_get(steps, (size_t)index) : NULL;
    vec_arena *arena = l->page->arena;
    static const char *const keys[] = {"what", "packet", "method", "path", "mode", "fault"};
    const char *text =
        vec_printf(arena, "%s: %s", rep_text_or(entry, "name", "?"), rep_text_or(entry, "do", "?"));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *value = vec_get_text(step, keys[i]);
        text = value != NULL ? vec_printf(arena, "%s %s", text, value) : text;
    }
    const char *by = vec_get_text(step, "by");
    return by != NULL ? vec_printf(arena, "%s (%s)", text, by) : text;
}

static void step_row(const ladder *l, const json_t *entry)
{
    (void)fprintf(l->page->file, "<path class=\"st\" d=\"M0 %dH%d\"/>", l->y - 17, l->width);
    label(l, 4, l->y, "st", "", step_text(l, entry));
}

static void trouble_row(const ladder *l, const json_t *entry)
{
    const char *text = vec_printf(l->page->arena, "%s: %s %s", rep_text_or(entry, "ev", "?"),
                                  rep_text_or(entry, "by", ""), rep_text_or(entry, "text", ""));
    label(l, LEFT, l->y, "x", "", text);
}

/* ---- all ---- */

static int row_height(const json_t *entry)
{
    static const char *const shown[] = {"packet", "event", "step", "complaint", "sanitizer"};
    const json_t *event = json_object_get(entry, "event");
    if (vec_get_is(event, "event", "closed")) {
        return 0;
    }
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        if (vec_get_is(entry, "ev", shown[i])) {
            return i == 0 ? ROW_PACKET : i == 2 ? ROW_STEP : ROW_OTHER;
        }
    }
    return 0;
}

static void row(const ladder *l, const json_t *entry)
{
    if (vec_get_is(entry, "ev", "packet")) {
        time_label(l, entry);
        packet_row(l, entry);
    } else if (vec_get_is(entry, "ev", "event")) {
        time_label(l, entry);
        event_row(l, entry);
    } else if (vec_get_is(entry, "ev", "step")) {
        step_row(l, entry);
    } else {
        trouble_row(l, entry);
    }
}

static void lines_find(ladder *l)
{
    const json_t *peers = json_object_get(l->page->plan, "peers");
    for (size_t i = 0; i < json_array_size(peers) && l->n_lines < LINES_MAX - 1; i++) {
        l->names[l->n_lines++] = rep_text_or(json_array_get(peers, i), "name", "?");
    }
    for (size_t i = 0; i < json_array_size(l->page->entries); i++) {
        if (vec_get_is(json_array_get(l->page->entries, i), "by", "adversary")) {
            l->names[l->n_lines++] = "adversary";
            break;
        }
    }
    l->spacing = l->n_lines <= 2 ? 300 : l->n_lines <= 4 ? 220 : 150;
    l->width = LEFT + (int)l->n_lines * l->spacing;
}

static size_t rows_measure(ladder *l)
{
    size_t n = 0;
    l->height = HEAD;
    for (size_t i = 0; i < json_array_size(l->page->entries); i++) {
        int height = row_height(json_array_get(l->page->entries, i));
        if (height > 0 && n++ < ROWS_MAX) {
            l->height += height;
        }
    }
    return n;
}

void rep_ladder_write(const rep_page *page)
{
    ladder l = {.page = page};
    lines_find(&l);
    size_t n = rows_measure(&l);
    if (n == 0 || l.n_lines == 0) {
        return;
    }
    (void)fprintf(page->file,
                  REP_PAGE_LADDER "<div class=\"w\"><svg width=\"%d\" height=\"%d\" role=\"img\" "
                                  "aria-label=\"message ladder\">",
                  l.width, l.height + 10);
    for (size_t i = 0; i < l.n_lines; i++) {
        (void)fprintf(page->file, "<path class=\"l\" d=\"M%d %dV%d\"/>", x_of(&l, i), HEAD - 10,
                      l.height + 10);
        label(&l, x_of(&l, i), 16, "b", "middle", l.names[i]);
    }
    label(&l, LEFT - 8, 16, "m", "end", "ms");
    l.y = HEAD;
    for (size_t i = 0; i < json_array_size(page->entries) && l.n_rows < ROWS_MAX; i++) {
        const json_t *entry = json_array_get(page->entries, i);
        int height = row_height(entry);
        if (height > 0) {
            l.y += height;
            l.n_rows++;
            row(&l, entry);
        }
    }
    (void)fputs("</svg></div>", page->file);
    if (n > ROWS_MAX) {
        (void)fprintf(page->file, "<p>%zu rows more are in the log of the bundle.</p>", n - ROWS_MAX);
    }
}
