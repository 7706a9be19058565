/*
 * The control socket: bytes come as they like, in pieces of the size that the first byte says.
 * Whatever they are, every line that goes out is an answer of JSON-RPC 2.0, no more than was
 * asked for, and a client that is not over still answers a good request.
 */
#include "fuzz.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/method.h"
#include "config/config.h"
#include "control/client.h"
#include "control/methods.h"
#include "iscsi/server.h"
#include "scsi/core.h"
#include "scsi/lu.h"
#include "store/ram.h"

#include <ev.h>
#include <stdbool.h>

#define IQN "iqn.2026-11.org.example:disk"

/* A daemon without sockets and files, made once: no input that is let through changes what it
 * serves. */
struct daemon {
	struct ev_loop *loop;
	struct buf_pool pool;
	struct scsi_core core;
	struct config config;
	struct store_env *stores;
	struct iscsi_server *server;
	struct control_env env;
};

/*
 * Methods that change what is served, end it, or tell it from its configuration want more of a
 * daemon than there is here: they are refused when their parameters are good.
 */
void __real_methods_run(struct call *c);
void __wrap_methods_run(struct call *c);

void __wrap_methods_run(struct call *c)
{
	static const char *const harmless[] = { "log-level", "session.drop", "session.logout",
						"reservation.clear" };
	static const char *const configured[] = { "diff", "export" };
	bool is_harmless = !c->method->changes;
	size_t i;

	for (i = 0; i < sizeof(configured) / sizeof(configured[0]); i++)
		is_harmless = is_harmless && strcmp(c->method->name, configured[i]) != 0;
	for (i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		is_harmless = is_harmless || !strcmp(c->method->name, harmless[i]);
	if (is_harmless)
		__real_methods_run(c);
	else
		call_refuse(c, "not here");
}

static void silence(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
}

static void add_target(struct daemon *d)
{
	const struct store_params params = { .size = 1 << 16, .block_size = 512 };
	struct scsi_lu_options opt = { .block_size = 512 };
	struct target *t = world_add_target(&d->config.world, IQN);
	char why[STORE_WHY_MAX];
	struct store *store;
	struct scsi_lu *lu;

	MUST(t && !ram_open(d->stores, &params, &store, why), "memory");
	scsi_lu_identity(&opt, t->name);
	MUST(!scsi_lu_new(&d->core, store, &opt, &lu), "scsi_lu_new");
	MUST(!scsi_device_add(&t->device, lu), "scsi_device_add");
}

static struct daemon *the_daemon(void)
{
	static const struct iscsi_options options = { .max_connections = 1 };
	static struct daemon *d;

	if (d)
		return d;
	d = calloc(1, sizeof(*d));
	MUST(d, "memory");
	log_set_sink(silence, NULL);
	d->loop = ev_default_loop(0);
	buf_pool_init(&d->pool, 1 << 20, 1 << 20);
	scsi_core_init(&d->core, &d->pool);
	MUST(d->loop && !config_init(&d->config, &d->core), "config_init");
	MUST(!store_env_new(16, 1, &d->stores), "store_env_new");
	add_target(d);
	MUST(!iscsi_server_new(d->loop, &d->config.world, &d->core, &d->pool, &options, &d->server),
	     "iscsi_server_new");
	d->env = (struct control_env){ .loop = d->loop,
				       .config = &d->config,
				       .world = &d->config.world,
				       .server = d->server,
				       .core = &d->core,
				       .pool = &d->pool };
	return d;
}

/* 5: an answer has a result or an error, and an id. */
static void check_answer(const json_t *a)
{
	const json_t *error = json_object_get(a, "error");
	const char *version = json_string_value(json_object_get(a, "jsonrpc"));

	MUST(version && !strcmp(version, "2.0"), "not JSON-RPC 2.0");
	MUST(json_object_get(a, "id"), "no id");
	MUST(!error != !json_object_get(a, "result"), "a result or an error");
	MUST(!error || (json_is_integer(json_object_get(error, "code")) &&
			json_is_string(json_object_get(error, "message"))),
	     "an error without code or message");
}

/* Take all output; returns the lines in it. */
static size_t drain(struct client *c)
{
	const char *out, *end;
	size_t len, i, n = 0;
	json_t *json;

	while ((out = client_output(c, &len))) {
		end = memchr(out, '\n', len);
		MUST(end, "half a line of %zu bytes", len);
		json = json_loadb(out, (size_t)(end - out), 0, NULL);
		MUST(json, "no JSON: %.*s", (int)(end - out), out);
		if (json_is_array(json)) {
			MUST(json_array_size(json) && json_array_size(json) <= RPC_BATCH_MAX,
			     "%zu answers", json_array_size(json));
			for (i = 0; i < json_array_size(json); i++)
				check_answer(json_array_get(json, i));
		} else {
			check_answer(json);
		}
		json_decref(json);
		client_sent(c, (size_t)(end + 1 - out));
		n++;
	}
	return n;
}

static size_t count_lines(const uint8_t *p, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		n += p[i] == '\n';
	return n;
}

/* Bytes, as many as find room at a time. */
static size_t push(struct client *c, const uint8_t *p, size_t len, size_t piece)
{
	size_t room, n, lines = 0;
	char *space;

	while (len && !client_is_over(c)) {
		space = client_space(c, &room);
		MUST(room || c->is_over, "a client that takes nothing, and has nothing to say");
		if (!room)
			break;
		n = len < piece ? len : piece;
		n = n < room ? n : room;
		memcpy(space, p, n);
		client_input(c, n);
		lines += drain(c);
		p += n;
		len -= n;
	}
	return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char good[] = "\n{\"jsonrpc\":\"2.0\",\"id\":77,\"method\":\"status\"}\n";
	const struct control_peer peer = { 0 };
	size_t piece = size ? data[0] + 1u : 1, answers;
	struct client *c = malloc(sizeof(*c));

	MUST(c, "memory");
	client_init(c, &the_daemon()->env, &peer);
	if (size) {
		data++;
		size--;
	}
	answers = push(c, data, size, piece);
	MUST(answers <= count_lines(data, size) + 1, "%zu answers to %zu lines", answers,
	     count_lines(data, size));
	if (!c->is_over) /* the end of its last line, which is answered or not, and one more */
		MUST(push(c, (const uint8_t *)good, sizeof(good) - 1, sizeof(good)) >= 1,
		     "no answer any more");
	client_end(c);
	MUST(client_is_over(c), "it does not end");
	client_fini(c);
	free(c);
	return 0;
}
