#include "itgtctl/top.h"

#include "base/clock.h"
#include "base/units.h"
#include "itgtctl/print.h"
#include "itgtctl/remote.h"
#include "itgtctl/rows.h"
#include "itgtctl/table.h"

#include <errno.h>
#include <ncurses.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define CELL      9  /* places of a column */
#define NAME_MIN  12 /* of the first one at least */
#define ESCAPE    27
#define LINES_MIN 6

/* A reading of all that is shown. */
struct reading {
	json_t *status; /* owns, as the next two */
	json_t *stats;
	json_t *sessions;
	uint64_t ns; /* when */
};

struct top {
	struct remote *remote;
	struct reading now, before;
	struct rows luns, sessions;
	enum rows_sort by;
	bool reverse;
	bool on_sessions; /* that list is scrolled, not the other */
	int first[2];     /* the first line shown of either list */
};

/* ---- readings ---- */

static void reading_fini(struct reading *r)
{
	json_decref(r->status);
	json_decref(r->stats);
	json_decref(r->sessions);
	*r = (struct reading){ 0 };
}

static int fetch(struct remote *r, const char *method, json_t **out)
{
	json_t *params = json_object();
	enum remote_verdict v = remote_call(r, method, params, out);

	json_decref(params);
	return v == REMOTE_OK ? 0 : -EPIPE;
}

/* Read anew; what was now is before. */
static int read_all(struct top *t)
{
	double s;

	reading_fini(&t->before);
	t->before = t->now;
	t->now = (struct reading){ 0 };
	if (fetch(t->remote, "status", &t->now.status) ||
	    fetch(t->remote, "stats", &t->now.stats) ||
	    fetch(t->remote, "session.list", &t->now.sessions))
		return -EPIPE;
	t->now.ns = clock_ns();
	s = (double)(t->now.ns - t->before.ns) / 1e9;
	rows_fini(&t->luns);
	rows_fini(&t->sessions);
	if (rows_of_luns(&t->luns, t->now.stats, t->before.stats, s) ||
	    rows_of_sessions(&t->sessions, t->now.sessions, t->before.sessions, s))
		return -ENOMEM;
	return 0;
}

/* ---- the screen ---- */

/* Text that ends at the edge of the screen instead of going on in the next line. */
static void __attribute__((format(printf, 3, 4))) put(int y, int x, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (x < COLS)
		mvaddnstr(y, x, text, COLS - x);
}

/* The head of a list: what its columns are. */
static void draw_heading(int y, const char *name, int width, bool is_current)
{
	static const char *const columns[] = { "READ/S", "WRITE/S", "READ",  "WRITE",
					       "R.LAT",  "W.LAT",   "DEPTH", "ERR/S" };
	size_t i;

	attron(A_REVERSE | (is_current ? A_BOLD : A_NORMAL));
	mvhline(y, 0, ' ', COLS);
	mvaddnstr(y, 0, name, width);
	for (i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		put(y, width + (int)i * CELL, "%*s", CELL, columns[i]);
	attroff(A_REVERSE | A_BOLD);
}

/* Of a name that is too long the end says more. */
static void draw_name(int y, const char *name, int width)
{
	size_t places = table_width(name);

	for (; *name && places > (size_t)width - 1; places--) {
		do
			name++;
		while (((unsigned char)*name & 0xc0) == 0x80);
	}
	put(y, 0, "%s", name);
}

/* The i-th number of a line whose name takes width places. */
static void draw_cell(int y, int width, int i, const char *text)
{
	put(y, width + i * CELL, "%*s", CELL, text);
}

static void draw_row(int y, const struct row *r, int width)
{
	char buf[PRINT_VALUE_MAX];

	draw_name(y, r->name, width);
	draw_cell(y, width, 0, print_count(buf, r->read.ops));
	draw_cell(y, width, 1, print_count(buf, r->write.ops));
	draw_cell(y, width, 2, print_bytes(buf, r->read.bytes));
	draw_cell(y, width, 3, print_bytes(buf, r->write.bytes));
	draw_cell(y, width, 4, r->read.ops > 0 ? print_ns(buf, r->read.mean_ns) : "-");
	draw_cell(y, width, 5, r->write.ops > 0 ? print_ns(buf, r->write.mean_ns) : "-");
	put(y, width + 6 * CELL, "%*.1f", CELL, r->all.depth);
	draw_cell(y, width, 7, print_count(buf, r->all.errors));
}

/* The rows from *first on, at most lines of them; returns how many were drawn. */
static int draw_rows(int y, const struct rows *r, int *first, int lines, int width)
{
	int i, most = (int)r->n - lines;

	if (*first > most)
		*first = most;
	if (*first < 0)
		*first = 0;
	for (i = 0; i < lines && *first + i < (int)r->n; i++)
		draw_row(y + i, &r->row[*first + i], width);
	return i;
}

static void draw_status(const struct top *t)
{
	static const struct {
		const char *member, *one;
	} totals[] = {
		{ "targets", "target" },
		{ "luns", "LUN" },
		{ "sessions", "session" },
		{ "connections", "connection" },
	};
	const json_t *s = t->now.status;
	char up[PRINT_VALUE_MAX], list[4 * COUNT_TEXT_MAX] = "", one[COUNT_TEXT_MAX];
	size_t i, len = 0;

	for (i = 0; i < sizeof(totals) / sizeof(totals[0]); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "",
					count_format(one,
						     (uint64_t)json_integer_value(
							     json_object_get(s, totals[i].member)),
						     totals[i].one));
	put(0, 0, "itgtd %s, %s for %s: %s", json_string_value(json_object_get(s, "version")),
	    json_string_value(json_object_get(s, "state")),
	    print_seconds(up, json_integer_value(json_object_get(s, "uptime_s"))), list);
}

static void draw_keys(const struct top *t)
{
	put(LINES - 1, 0, "by %s%s   s next sort  r reverse  Tab list  arrows scroll  q quit",
	    rows_sort_name(t->by), t->reverse ? ", reversed" : "");
}

/* Lines for the LUNs, when there are also the sessions to show: who needs less leaves it over. */
static int lines_of_luns(const struct top *t, int lines)
{
	int luns = (int)t->luns.n, sessions = (int)t->sessions.n, half = lines / 2;

	if (luns + sessions <= lines || luns <= half)
		return luns;
	return sessions < lines - half ? lines - sessions : half;
}

static void draw(struct top *t)
{
	int width = COLS - 8 * CELL, lines = LINES - 6, y = 2, luns;
	struct row total;

	if (width < NAME_MIN)
		width = NAME_MIN;
	erase();
	draw_status(t);
	if (LINES < LINES_MIN || COLS < NAME_MIN + CELL) {
		refresh();
		return;
	}
	rows_sort(&t->luns, t->by, t->reverse);
	rows_sort(&t->sessions, t->by, t->reverse);
	if (lines < 0)
		lines = 0;
	luns = lines_of_luns(t, lines);
	draw_heading(y++, "LUN", width, !t->on_sessions);
	y += draw_rows(y, &t->luns, &t->first[0], luns, width);
	rows_total(&t->luns, &total);
	attron(A_BOLD);
	draw_row(y++, &total, width);
	attroff(A_BOLD);
	draw_heading(y++, "SESSION", width, t->on_sessions);
	draw_rows(y, &t->sessions, &t->first[1], lines - luns, width);
	draw_keys(t);
	refresh();
}

/* ---- keys ---- */

/* False: enough. */
static bool take_key(struct top *t, int key)
{
	int *first = &t->first[t->on_sessions];

	switch (key) {
	case 'q':
	case 'Q':
	case ESCAPE: return false;
	case 's': t->by = (t->by + 1) % ROWS_SORTS; break;
	case 'r': t->reverse = !t->reverse; break;
	case '\t': t->on_sessions = !t->on_sessions; break;
	case KEY_UP: (*first)--; break;
	case KEY_DOWN: (*first)++; break;
	case KEY_PPAGE: *first -= LINES / 2; break;
	case KEY_NPAGE: *first += LINES / 2; break;
	default: break; /* also KEY_RESIZE: the screen is drawn anew either way */
	}
	return true;
}

/* Draw and obey until the time is over. False: enough. */
static bool linger(struct top *t, double every_s)
{
	uint64_t end = clock_ns() + (uint64_t)(every_s * 1e9), now;
	int key;

	for (;;) {
		draw(t);
		now = clock_ns();
		if (now >= end)
			return true;
		timeout((int)((end - now) / 1000000) + 1);
		key = getch();
		if (key != ERR && !take_key(t, key))
			return false;
	}
}

int top_run(struct remote *r, double every_s)
{
	struct top t = { .remote = r, .by = ROWS_BY_IOPS };
	SCREEN *screen = NULL;
	int err = 0;

	if (isatty(STDOUT_FILENO) && isatty(STDIN_FILENO))
		screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return -ENOTTY;
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	do
		err = read_all(&t);
	while (!err && linger(&t, every_s));
	endwin();
	delscreen(screen);
	reading_fini(&t.now);
	reading_fini(&t.before);
	rows_fini(&t.luns);
	rows_fini(&t.sessions);
	return err;
}
