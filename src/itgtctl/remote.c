#include "itgtctl/remote.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_S   120               /* for the answer: the longest change is bounded far below */
#define ANSWER_MAX ((size_t)1 << 30) /* bytes */
#define CHUNK      ((size_t)64 * 1024)

int remote_open(struct remote *r, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const struct timeval limit = { .tv_sec = ANSWER_S };

	*r = (struct remote){ .fd = -1 };
	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	r->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (r->fd < 0)
		return -errno;
	if (setsockopt(r->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    setsockopt(r->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ||
	    connect(r->fd, (const struct sockaddr *)&addr, sizeof(addr)))
		return -errno;
	return 0;
}

void remote_close(struct remote *r)
{
	if (r->fd >= 0)
		close(r->fd);
	free(r->in);
	*r = (struct remote){ .fd = -1 };
}

/* What cannot be sent has its answer all the same: a daemon that turns us away says why. */
static void send_all(const struct remote *r, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = send(r->fd, bytes, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
}

static void send_request(struct remote *r, const char *method, json_t *params)
{
	json_t *request = json_pack("{s:s, s:I, s:s, s:O}", "jsonrpc", "2.0", "id",
				    (json_int_t)++r->id, "method", method, "params", params);
	char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
	size_t len = text ? strlen(text) : 0;

	if (text) {
		text[len] = '\n';
		send_all(r, text, len + 1);
	}
	free(text);
	json_decref(request);
}

/* Room for another chunk. */
static int make_room(struct remote *r)
{
	size_t room = r->in_room ? 2 * r->in_room : CHUNK;
	char *in;

	if (r->in_len < r->in_room)
		return 0;
	errno = EMSGSIZE;
	in = room <= ANSWER_MAX ? realloc(r->in, room) : NULL;
	if (!in)
		return -1;
	r->in = in;
	r->in_room = room;
	return 0;
}

/* A whole line. NULL: there is none. */
static json_t *receive(struct remote *r)
{
	char *end = NULL;
	json_t *answer;
	ssize_t n;

	r->in_len = 0;
	while (!end) {
		if (make_room(r))
			return NULL;
		errno = 0;
		n = recv(r->fd, r->in + r->in_len, r->in_room - r->in_len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return NULL;
		end = memchr(r->in + r->in_len, '\n', (size_t)n);
		r->in_len += (size_t)n;
	}
	answer = json_loadb(r->in, (size_t)(end - r->in), 0, NULL);
	errno = EPROTO;
	return answer;
}

enum remote_verdict remote_call(struct remote *r, const char *method, json_t *params, json_t **out)
{
	json_t *answer, *error;
	json_int_t code;

	send_request(r, method, params);
	answer = receive(r);
	error = json_object_get(answer, "error");
	code = json_integer_value(json_object_get(error, "code"));
	*out = json_incref(error ? json_object_get(error, "message")
				 : json_object_get(answer, "result"));
	json_decref(answer);
	if (!*out)
		return REMOTE_LOST;
	if (!error)
		return REMOTE_OK;
	return code == -32601 || code == -32602 ? REMOTE_WRONG : REMOTE_REFUSED;
}
