#include "control/metrics.h"

#include "base/listen.h"
#include "control/exposition.h"
#include "iscsi/server.h"
#include "target/portal.h"

#include <errno.h>
#include <ev.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 16
#define TIMEOUT_S       10
#define MEMORY_MAX      ((size_t)16 << 10) /* bytes of a request */
#define FRESH_MS        500                /* so long a page is good for all who ask */
#define BACKLOG         16

struct metrics {
	struct control_env env;
	struct MHD_Daemon *http;
	struct MHD_Response *page;   /* the last one made, or NULL */
	struct MHD_Response *others; /* for all other addresses */
	uint64_t made_ms;
	uint16_t port;
	ev_io ready; /* libmicrohttpd's epoll descriptor */
	ev_timer due;
};

/* ---- answers ---- */

static struct MHD_Response *text_response(char *text, size_t len, enum MHD_ResponseMemoryMode mode)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(len, text, mode);

	if (r)
		MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE,
					"text/plain; version=0.0.4; charset=utf-8");
	return r;
}

/* The page as it is now. NULL: no memory. */
static struct MHD_Response *fresh_page(struct metrics *m)
{
	uint64_t now = iscsi_server_now_ms(m->env.server);
	size_t len = 0;
	char *text;

	if (m->page && now - m->made_ms < FRESH_MS)
		return m->page;
	if (m->page)
		MHD_destroy_response(m->page); /* who is being sent it keeps it */
	m->page = NULL;
	text = exposition_page(&m->env, &len);
	if (!text)
		return NULL;
	m->page = text_response(text, len, MHD_RESPMEM_MUST_FREE);
	if (!m->page)
		free(text);
	m->made_ms = now;
	return m->page;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *len, void **state)
{
	struct metrics *m = user;
	bool is_get = strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
		      strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
	struct MHD_Response *page;

	(void)version;
	(void)data;
	(void)state;
	if (*len) { /* nobody wants to be sent anything */
		*len = 0;
		return MHD_NO;
	}
	if (!is_get)
		return MHD_queue_response(c, MHD_HTTP_METHOD_NOT_ALLOWED, m->others);
	if (strcmp(url, "/metrics") != 0)
		return MHD_queue_response(c, MHD_HTTP_NOT_FOUND, m->others);
	page = fresh_page(m);
	return page ? MHD_queue_response(c, MHD_HTTP_OK, page) : MHD_NO;
}

/* ---- on the loop ---- */

static unsigned int connections(const struct metrics *m)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(m->http, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

	return info->num_connections;
}

static void run(struct metrics *m)
{
	struct ev_loop *loop = m->env.loop;
	unsigned long long ms;
	unsigned int before;

	/* Full, it looks at the listening socket again only in the run after one in which a
	 * connection left. */
	do {
		before = connections(m);
		MHD_run(m->http);
	} while (connections(m) < before);
	ev_timer_stop(loop, &m->due);
	if (MHD_get_timeout(m->http, &ms) != MHD_YES)
		return;
	ev_timer_set(&m->due, (ev_tstamp)ms / 1000, 0);
	ev_timer_start(loop, &m->due);
}

static void on_ready(struct ev_loop *loop, ev_io *w, int events)
{
	(void)loop;
	(void)events;
	run(w->data);
}

static void on_due(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	run(w->data);
}

/* ---- open, close ---- */

static int start_http(struct metrics *m, int fd)
{
	m->http = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, m,
				   MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
				   (unsigned int)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
				   (unsigned int)TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				   MEMORY_MAX, MHD_OPTION_END);
	return m->http ? 0 : -EIO;
}

static void start_watchers(struct metrics *m)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(m->http, MHD_DAEMON_INFO_EPOLL_FD);

	ev_io_init(&m->ready, on_ready, info->epoll_fd, EV_READ);
	ev_init(&m->due, on_due);
	m->ready.data = m;
	m->due.data = m;
	ev_io_start(m->env.loop, &m->ready);
}

int metrics_open(struct metrics **out, const struct control_env *env, const char *address,
		 char why[static METRICS_WHY_MAX])
{
	static char others[] = "The metrics are at /metrics.\n";
	struct metrics *m = calloc(1, sizeof(*m));
	struct portal_addr addr;
	int err = -ENOMEM, fd = -1;

	if (!m)
		goto fail;
	m->env = *env;
	err = portal_addr_parse_whole(address, &addr);
	if (err)
		goto fail;
	fd = listen_open((const struct sockaddr *)&addr.sa, addr.len, BACKLOG);
	err = fd < 0 ? fd : listen_address(fd, &addr.sa, &addr.len);
	if (err)
		goto fail;
	m->port = portal_addr_port(&addr);
	m->others = text_response(others, strlen(others), MHD_RESPMEM_PERSISTENT);
	err = m->others ? start_http(m, fd) : -ENOMEM; /* which then owns fd */
	if (err)
		goto fail;
	start_watchers(m);
	*out = m;
	return 0;
fail:
	(void)snprintf(why, METRICS_WHY_MAX, "metrics: %s: %s", address, listen_error(err));
	if (fd >= 0)
		close(fd);
	if (m && m->others)
		MHD_destroy_response(m->others);
	free(m);
	return err;
}

uint16_t metrics_port(const struct metrics *m)
{
	return m->port;
}

void metrics_close(struct metrics *m)
{
	if (!m)
		return;
	ev_io_stop(m->env.loop, &m->ready);
	ev_timer_stop(m->env.loop, &m->due);
	MHD_stop_daemon(m->http);
	if (m->page)
		MHD_destroy_response(m->page);
	MHD_destroy_response(m->others);
	free(m);
}
