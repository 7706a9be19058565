#include "control/client.h"

#include <stdlib.h>
#include <string.h>

#define OUT_FIRST ((size_t)4096) /* bytes of the first memory for answers */

static int append(const char *bytes, size_t n, void *arg)
{
	struct client *c = arg;
	size_t room = c->out_room ? c->out_room : OUT_FIRST;
	char *out;

	while (room - c->out_len < n)
		room *= 2;
	if (room > c->out_room) {
		out = realloc(c->out, room);
		if (!out)
			return -1;
		c->out = out;
		c->out_room = room;
	}
	memcpy(c->out + c->out_len, bytes, n);
	c->out_len += n;
	return 0;
}

/* A line for the client; answer is taken over. Without memory for it the client is given up. */
static void say(struct client *c, json_t *answer)
{
	if (!answer || json_dump_callback(answer, append, c, JSON_COMPACT) || append("\n", 1, c))
		c->is_over = true;
	json_decref(answer);
}

/* Deal with whole lines, as long as their answers do not pile up. */
static void go_on(struct client *c)
{
	c->is_running = true;
	while (!c->is_busy && !c->is_over && c->out_len - c->out_at < CLIENT_OUT_HIGH) {
		char *line = c->in + c->in_at;
		char *end = memchr(line, '\n', c->in_len - c->in_at);

		if (!end)
			break;
		c->in_at = (size_t)(end + 1 - c->in);
		c->is_busy = true;
		rpc_start(&c->rpc, line, (size_t)(end - line));
	}
	c->is_running = false;
	memmove(c->in, c->in + c->in_at, c->in_len - c->in_at);
	c->in_len -= c->in_at;
	c->in_at = 0;
	if (c->in_len < CLIENT_LINE_MAX || c->is_over || memchr(c->in, '\n', c->in_len))
		return;
	say(c, rpc_too_long(CLIENT_LINE_MAX));
	c->is_over = true;
}

static void on_done(struct rpc *r, json_t *answer)
{
	struct client *c = (struct client *)((char *)r - offsetof(struct client, rpc));

	c->is_busy = false;
	if (answer)
		say(c, answer);
	if (c->is_running)
		return;
	go_on(c);
	if (c->spoke)
		c->spoke(c);
}

void client_init(struct client *c, const struct control_env *env, const struct control_peer *peer)
{
	memset(c, 0, offsetof(struct client, in));
	c->rpc.env = env;
	c->rpc.peer = *peer;
	c->rpc.done = on_done;
}

void client_fini(struct client *c)
{
	rpc_abandon(&c->rpc);
	free(c->out);
	c->out = NULL;
}

char *client_space(struct client *c, size_t *len)
{
	bool waits = c->is_busy || c->is_over || c->is_ended ||
		     c->out_len - c->out_at >= CLIENT_OUT_HIGH;

	*len = waits ? 0 : CLIENT_LINE_MAX - c->in_len;
	return c->in + c->in_len;
}

void client_input(struct client *c, size_t n)
{
	c->in_len += n;
	go_on(c);
}

void client_end(struct client *c)
{
	c->is_ended = true;
}

const char *client_output(const struct client *c, size_t *len)
{
	*len = c->out_len - c->out_at;
	return *len ? c->out + c->out_at : NULL;
}

void client_sent(struct client *c, size_t n)
{
	c->out_at += n;
	if (c->out_at < c->out_len)
		return;
	free(c->out);
	c->out = NULL;
	c->out_at = 0;
	c->out_len = 0;
	c->out_room = 0;
	go_on(c);
}

bool client_is_due(const struct client *c)
{
	return c->in_len > 0 || c->out_len > 0 || c->is_over;
}

bool client_is_waiting(const struct client *c)
{
	return c->is_busy;
}

bool client_is_over(const struct client *c)
{
	return (c->is_over || c->is_ended) && !c->is_busy && c->out_len == 0;
}
