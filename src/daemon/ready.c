#include "daemon/ready.h"

#include "base/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The addresses of all portals. */
static void put_portals(FILE *f, const struct config *c)
{
	char text[PORTAL_TEXT_MAX];
	const struct portal_group *g;
	const struct portal *p;

	TAILQ_FOREACH (g, &c->world.portal_groups, link) {
		TAILQ_FOREACH (p, &g->portals, link)
			fprintf(f, " %s", portal_addr_format(text, &p->addr));
	}
}

/* The URL of each LUN at each portal. */
static void put_urls(FILE *f, const struct config *c)
{
	char text[PORTAL_TEXT_MAX];
	const struct config_lun *l;
	const struct portal_group *g;
	const struct portal *p;

	TAILQ_FOREACH (g, &c->world.portal_groups, link) {
		TAILQ_FOREACH (p, &g->portals, link) {
			STAILQ_FOREACH (l, &c->luns, link)
				fprintf(f, " iscsi://%s/%s/%" PRIu32,
					portal_addr_format(text, &p->addr), l->target->name,
					l->number);
		}
	}
}

char *ready_line(const struct config *c, bool is_serve)
{
	char *line = NULL, count[COUNT_TEXT_MAX];
	size_t size;
	FILE *f = open_memstream(&line, &size);

	if (!f)
		return NULL;
	fprintf(f, "ready:");
	if (is_serve) {
		put_urls(f, c);
	} else {
		fprintf(f, " %s on", count_format(count, c->world.ntargets, "target"));
		put_portals(f, c);
	}
	if (fclose(f) != 0) {
		free(line);
		return NULL;
	}
	return line;
}

/* All of it, or as much as whoever listens takes. */
static void put_line(int fd, const char *text)
{
	size_t len = strlen(text);
	ssize_t n;

	while (len > 0 && (n = write(fd, text, len)) > 0) {
		text += n;
		len -= (size_t)n;
	}
}

void ready_tell(const char *line, int fd)
{
	char *whole = NULL;

	if (asprintf(&whole, "itgtd: %s\n", line) < 0)
		return;
	put_line(STDERR_FILENO, whole);
	if (fd >= 0) {
		put_line(fd, whole + strlen("itgtd: "));
		close(fd);
	}
	free(whole);
}
