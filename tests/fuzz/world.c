#include "world.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "base/serial.h"
#include "iscsi/door.h"
#include "iscsi/session.h"
#include "iscsi/task.h"
#include "scsi/lu.h"
#include "store/ram.h"
#include "wire/digest.h"

#define LU_SIZE   (64u << 10)            /* bytes */
#define LONG_MS   (2u * 3600 * 1000 + 1) /* more than any time that is agreed on */
#define TURNS_MAX 100000                 /* in which something moves: more is a loop without end */

/* ---- the model ---- */

/* The environment outlives all inputs: its descriptors and threads are dear. */
static struct store_env *env_of_all(void)
{
	static struct store_env *env;

	if (!env)
		MUST(!store_env_new(16, 1, &env), "store_env_new");
	return env;
}

static void add_lu(struct fuzz_world *w, struct target *t, struct store *store,
		   struct scsi_lu_options *opt)
{
	struct scsi_lu *lu;

	scsi_lu_identity(opt, t->name);
	MUST(!scsi_lu_new(&w->core, store, opt, &lu), "scsi_lu_new");
	MUST(!scsi_device_add(&t->device, lu), "scsi_device_add");
}

static void add_ram(struct fuzz_world *w, struct target *t, struct scsi_lu_options *opt)
{
	const struct store_params params = {
		.size = LU_SIZE,
		.block_size = opt->block_size,
		.thin = opt->thin,
	};
	char why[STORE_WHY_MAX];
	struct store *store;

	MUST(!ram_open(env_of_all(), &params, &store, why), "%s", why);
	add_lu(w, t, store, opt);
}

static struct lun_mask *mask_for(const char *name)
{
	struct lun_mask *m = calloc(1, sizeof(*m));
	struct access_name *n = calloc(1, sizeof(*n));

	MUST(m && n, "memory");
	STAILQ_INIT(&m->names);
	snprintf(n->pattern, sizeof(n->pattern), "%s", name);
	STAILQ_INSERT_TAIL(&m->names, n, link);
	return m;
}

static void add_lus(struct fuzz_world *w, struct target *t)
{
	struct scsi_lu_options ram = {
		.number = 0,
		.block_size = WORLD_BLOCK_0,
		.write_cache = true,
		.thin = true,
		.removable = true,
	};
	struct scsi_lu_options odd = { .number = 1, .block_size = WORLD_BLOCK_1, .thin = true };
	struct scsi_lu_options masked = {
		.number = 2,
		.block_size = WORLD_BLOCK_0,
		.read_only = true,
		.user = mask_for(WORLD_FRIEND),
	};

	add_ram(w, t, &ram);
	w->odd = odd_store_new(env_of_all(), LU_SIZE, WORLD_BLOCK_1);
	add_lu(w, t, &w->odd->store, &odd);
	add_ram(w, t, &masked);
}

static struct target *add_target(struct fuzz_world *w, const char *name, const char *auth,
				 const struct target_limits *limits)
{
	struct target *t = world_add_target(&w->world, name);
	struct portal_group *g;

	MUST(t, "world_add_target");
	t->auth = world_auth_group(&w->world, auth);
	t->limits = *limits;
	TAILQ_FOREACH (g, &w->world.portal_groups, link)
		t->groups[t->ngroups++] = g;
	return t;
}

static void add_portals(struct fuzz_world *w, const struct auth_group *chap)
{
	static const char *const addrs[WORLD_PORTALS] = { "192.0.2.1", "[2001:db8::1]:860",
							  "192.0.2.3:0" };
	struct portal_addr addr;
	struct portal_group *g;
	uint16_t i;

	for (i = 0; i < WORLD_PORTALS; i++) {
		g = world_add_portal_group(&w->world, (uint16_t)(i + 1));
		MUST(g && !portal_addr_parse(addrs[i], &addr), "portal group");
		MUST(!world_add_portal(&w->world, g, &addr), "portal");
		w->portals[i] = TAILQ_FIRST(&g->portals);
		if (i == 1) {
			g->has_redirect = true;
			g->redirect = addr;
		} else if (i == 2) {
			g->discovery_auth = chap;
		}
	}
}

static struct auth_group *add_chap(struct fuzz_world *w)
{
	static const char *const users[] = { "one-way", "mutual" };
	struct auth_group *g = world_add_auth_group(&w->world, "chap");
	struct access_net *net = calloc(1, sizeof(*net));
	struct access_chap *account;
	size_t i;

	MUST(g && net && !access_net_parse("192.0.2.0/24", net), "auth group");
	STAILQ_INSERT_TAIL(&g->portals, net, link);
	g->kind = ACCESS_CHAP;
	for (i = 0; i < 2; i++) {
		account = calloc(1, sizeof(*account));
		MUST(account, "memory");
		snprintf(account->user, sizeof(account->user), "%s", users[i]);
		secret_set(&account->secret, WORLD_SECRET, strlen(WORLD_SECRET));
		if (i == 1) {
			snprintf(account->mutual_user, sizeof(account->mutual_user), "itgtd");
			secret_set(&account->mutual_secret, "the target's own", 16);
		}
		STAILQ_INSERT_TAIL(&g->accounts, account, link);
	}
	return g;
}

void fuzz_world_open(struct fuzz_world *w, const struct fuzz_world_options *o)
{
	const struct iscsi_options options = {
		.max_connections = o->max_connections,
		.login_timeout_ms = 15000,
	};

	memset(w, 0, sizeof(*w));
	w->now_ms = 1000;
	w->out_limit = SIZE_MAX;
	buf_pool_init(&w->pool, o->ceiling, o->reserve);
	scsi_core_init(&w->core, &w->pool);
	MUST(!world_init(&w->world, &w->core), "world_init");
	add_portals(w, add_chap(w));
	add_lus(w, add_target(w, WORLD_OPEN, "no-authentication", &o->limits));
	add_target(w, WORLD_CHAP, "chap", &o->limits);
	add_target(w, WORLD_DENIED, "deny", &o->limits);
	iscsi_init(&w->iscsi, &w->world, &w->core, &w->pool, &options);
}

/* ---- what can be seen of it ---- */

static void log_line(void *arg, enum log_level level, const char *line)
{
	(void)level;
	if (arg)
		fprintf(stderr, "%s\n", line);
}

void world_log(void)
{
	log_set_sink(log_line, getenv("FUZZ_TRACE"));
	log_set_level(LOG_LEVEL_DEBUG);
}

void world_trace(const struct peer *p, const char *direction, const uint8_t *bhs)
{
	size_t i;

	if (!getenv("FUZZ_TRACE"))
		return;
	fprintf(stderr, "%p %s", (const void *)p, direction);
	for (i = 0; i < PDU_BHS_LEN; i++)
		fprintf(stderr, "%s%02x", i % 4 ? "" : " ", bhs[i]);
	fputc('\n', stderr);
}

/* ---- what the target says ---- */

/* Does it carry a status, with a StatSN of its own (RFC 7143, 4.2.2.2)? */
static bool takes_statsn(const uint8_t *bhs)
{
	switch (pdu_opcode(bhs)) {
	case PDU_DATA_IN: return bhs[1] & PDU_DATA_IN_STATUS;
	case PDU_NOP_IN: return pdu_itt(bhs) != PDU_TAG_RESERVED;
	case PDU_R2T: return false;
	default: return true;
	}
}

/* StatSN counts; above level 0 an answer may come again, with the number that it had (11.16). */
static void check_statsn(struct peer *p, const uint8_t *bhs, uint32_t statsn)
{
	uint32_t *said = &p->said[statsn % PEER_SAID];

	p->is_again = p->conn->keeps && sn_before(statsn, p->statsn);
	p->came_again[statsn % PEER_SAID] = p->is_again;
	if (!p->is_again) {
		MUST(statsn == p->statsn, "StatSN %u, due is %u", statsn, p->statsn);
		*said = pdu_itt(bhs);
		p->statsn++;
	} else if (p->statsn - statsn <= PEER_SAID) {
		MUST(*said == pdu_itt(bhs), "StatSN %u was that of ITT %08x", statsn, *said);
	}
}

static void check_numbers(struct peer *p, const uint8_t *bhs)
{
	uint32_t statsn = be32(bhs + 24), exp = be32(bhs + 28), max = be32(bhs + 32);

	p->is_again = false;
	if (takes_statsn(bhs)) {
		check_statsn(p, bhs, statsn);
	} else if (pdu_opcode(bhs) != PDU_DATA_IN) {
		MUST(statsn == p->statsn, "StatSN %u, next is %u", statsn, p->statsn);
	}
	if (!p->is_full)
		return;
	MUST(sn_upto(p->expcmdsn, exp), "ExpCmdSN back from %u to %u", p->expcmdsn, exp);
	MUST(sn_upto(p->maxcmdsn, max), "MaxCmdSN back from %u to %u", p->maxcmdsn, max);
	MUST(sn_upto(exp - 1, max), "window from %u to %u", exp, max);
	p->expcmdsn = exp;
	p->maxcmdsn = max;
}

/* Digests begin behind the last login response (13.1). */
static void check_login(struct peer *p, const uint8_t *bhs)
{
	struct pdu_login_rsp rsp;

	MUST(!p->is_full && pdu_get_login_rsp(bhs, &rsp) == PDU_OK, "login response");
	if (rsp.status || !rsp.transit || rsp.nsg != PDU_STAGE_FULL)
		return;
	MUST(rsp.tsih, "a session without TSIH");
	p->is_full = true;
	p->header_digest = p->conn->tx.header_digest;
	p->data_digest = p->conn->tx.data_digest;
	p->max_data = p->conn->max_send;
	p->expcmdsn = rsp.sn.expcmdsn;
	p->maxcmdsn = rsp.sn.maxcmdsn;
}

static void take_pdu(struct peer *p, const uint8_t *bhs, const uint8_t *data, uint32_t len)
{
	static const uint8_t opcodes[] = { PDU_NOP_IN,     PDU_SCSI_RSP, PDU_TMF_RSP,
					   PDU_LOGIN_RSP,  PDU_TEXT_RSP, PDU_DATA_IN,
					   PDU_LOGOUT_RSP, PDU_R2T,      PDU_ASYNC,
					   PDU_REJECT };

	MUST(memchr(opcodes, bhs[0], sizeof(opcodes)), "opcode 0x%02x", bhs[0]);
	MUST(p->is_full || bhs[0] == PDU_LOGIN_RSP, "opcode 0x%02x in login", bhs[0]);
	MUST(len <= p->max_data, "%u bytes where %u are taken", len, p->max_data);
	world_trace(p, "<", bhs);
	check_numbers(p, bhs);
	if (bhs[0] == PDU_LOGIN_RSP)
		check_login(p, bhs);
	if (p->pdu)
		p->pdu(p, bhs, data, len);
}

/* One PDU from the front of n bytes: its length, or 0 when it is not all there. */
static size_t take_bytes(struct peer *p, const uint8_t *b, size_t n)
{
	size_t header = PDU_BHS_LEN + (p->header_digest ? PDU_DIGEST_LEN : 0u);
	uint32_t len, pad;
	size_t all;

	if (n < PDU_BHS_LEN)
		return 0;
	MUST(pdu_ahs_len(b) == 0, "an AHS");
	len = pdu_data_len(b);
	pad = pdu_pad(len);
	all = header + len + pad + (p->data_digest && len ? PDU_DIGEST_LEN : 0u);
	if (n < all)
		return 0;
	if (p->header_digest)
		MUST(digest_matches(crc32c_add(CRC32C_START, b, PDU_BHS_LEN), b + PDU_BHS_LEN),
		     "header digest");
	if (p->data_digest && len)
		MUST(digest_matches(crc32c_add(CRC32C_START, b + header, len + pad),
				    b + header + len + pad),
		     "data digest");
	take_pdu(p, b, b + header, len);
	return all;
}

static void take_output(struct peer *p, const struct iovec *iov, int n, size_t limit)
{
	size_t at = 0, used;
	int i;

	for (i = 0; i < n && limit; i++) {
		size_t len = iov[i].iov_len < limit ? iov[i].iov_len : limit;

		p->out = realloc(p->out, p->out_len + len + 1);
		MUST(p->out, "memory");
		memcpy(p->out + p->out_len, iov[i].iov_base, len);
		p->out_len += len;
		limit -= len;
	}
	while ((used = take_bytes(p, p->out + at, p->out_len - at)))
		at += used;
	p->out_len -= at;
	memmove(p->out, p->out + at, p->out_len);
}

/* ---- turns ---- */

static void send_output(struct peer *p)
{
	struct pdu_tx *tx = &p->conn->tx;
	struct iovec iov[64];
	size_t bytes = 0;
	int n = pdu_tx_iov(tx, iov, 64, 1u << 20);
	int i;

	if (!n)
		return;
	/* What was made before a text request declared less may be as long as it was. */
	if (p->conn->max_send > p->max_data)
		p->max_data = p->conn->max_send;
	for (i = 0; i < n; i++)
		bytes += iov[i].iov_len;
	if (bytes > p->w->out_limit)
		bytes = p->w->out_limit;
	take_output(p, iov, n, bytes);
	pdu_tx_commit(tx, bytes);
	if (pdu_tx_has(tx))
		conn_touch(p->conn);
}

static void lose(struct peer *p)
{
	struct conn *c = p->conn;

	p->conn = NULL;
	door_lost(c);
}

static bool flush(struct fuzz_world *w)
{
	STAILQ_HEAD(, conn) batch = STAILQ_HEAD_INITIALIZER(batch);
	struct conn *c;

	if (STAILQ_EMPTY(&w->iscsi.dirty))
		return false;
	STAILQ_CONCAT(&batch, &w->iscsi.dirty);
	while ((c = STAILQ_FIRST(&batch))) {
		STAILQ_REMOVE_HEAD(&batch, dlink);
		c->is_dirty = false;
		if (c->state != CONN_DEAD)
			send_output(c->transport);
		door_tend(c, w->now_ms);
		if (door_is_over(c))
			lose(c->transport);
	}
	return true;
}

static bool run_storage(struct fuzz_world *w)
{
	bool moved = store_env_reap(env_of_all(), false);

	moved |= scsi_core_run(&w->core);
	moved |= buf_pool_serve(&w->pool);
	return moved;
}

static bool turn(struct fuzz_world *w)
{
	unsigned int turns = 0;
	bool moved = false;

	while (run_storage(w)) {
		moved = true;
		MUST(++turns < TURNS_MAX, "storage never comes to rest");
	}
	store_env_flush(env_of_all());
	moved |= flush(w);
	return moved;
}

void fuzz_world_turn(struct fuzz_world *w)
{
	turn(w);
}

void fuzz_world_settle(struct fuzz_world *w)
{
	unsigned int turns = 0;

	w->out_limit = SIZE_MAX;
	while (turn(w))
		MUST(++turns < TURNS_MAX, "the server never comes to rest");
}

void fuzz_world_wait(struct fuzz_world *w, uint64_t ms)
{
	struct conn *c;

	w->now_ms += ms;
	TAILQ_FOREACH (c, &w->iscsi.conns, link) {
		if (c->alarm_ms && c->alarm_ms <= w->now_ms)
			door_timeout(c, w->now_ms);
	}
	if (w->iscsi.alarm_ms && w->iscsi.alarm_ms <= w->now_ms)
		door_tick(&w->iscsi, w->now_ms);
}

void fuzz_world_expire(struct fuzz_world *w)
{
	if (w->iscsi.alarm_ms)
		door_tick(&w->iscsi, w->now_ms + LONG_MS);
	fuzz_world_settle(w);
}

void fuzz_world_close(struct fuzz_world *w)
{
	struct conn *c;

	TAILQ_FOREACH (c, &w->iscsi.conns, link)
		conn_event(c, EV_DROP);
	fuzz_world_settle(w);
	odd_store_release(w->odd);
	fuzz_world_settle(w);
	fuzz_world_expire(w);
	MUST(TAILQ_EMPTY(&w->iscsi.conns) && w->iscsi.nconns == 0, "a connection is left");
	MUST(TAILQ_EMPTY(&w->iscsi.sessions) && w->iscsi.tsihs.count == 0, "a session is left");
	MUST(w->iscsi.tasks == 0, "%u tasks are left", w->iscsi.tasks);
	MUST(w->iscsi.kept == 0, "%zu bytes wait for an acknowledgement", w->iscsi.kept);
	MUST(w->iscsi.nlost == 0, "%u connections are waited for", w->iscsi.nlost);
	MUST(STAILQ_EMPTY(&w->core.ready) && TAILQ_EMPTY(&w->core.tmfs), "the core has work left");
	MUST(w->pool.lent == 0, "%zu bytes are lent", w->pool.lent);
	MUST(STAILQ_EMPTY(&w->pool.line), "somebody waits for a buffer");
	iscsi_fini(&w->iscsi);
	world_fini(&w->world);
	buf_pool_fini(&w->pool);
	free(w->stage);
}

/* ---- peers ---- */

void peer_open(struct peer *p, struct fuzz_world *w, size_t portal)
{
	struct portal_addr addr;

	MUST(!portal_addr_parse("192.0.2.99:40000", &addr), "address");
	memset(p, 0, sizeof(*p));
	p->w = w;
	p->max_data = 8192; /* RFC 7143, 13.12 */
	p->conn = door_open(&w->iscsi, w->portals[portal], &w->portals[portal]->addr, &addr,
			    w->now_ms);
	MUST(p->conn, "door_open");
	p->conn->transport = p;
}

/* One receive of at most n bytes: where the door says, and not a byte more is there. How many. */
static size_t receive(struct peer *p, const uint8_t *bytes, size_t n)
{
	uint8_t *stage = fuzz_exact(bytes, n);
	struct iovec iov[2];
	size_t at = 0;
	int count = door_space(p->conn, iov, stage, n);
	int i;

	free(p->w->stage);
	p->w->stage = stage;
	for (i = 0; i < count; i++) {
		size_t len = iov[i].iov_len < n - at ? iov[i].iov_len : n - at;

		memcpy(iov[i].iov_base, bytes + at, len);
		at += len;
	}
	MUST(at > 0, "the door has no room for %zu bytes", n);
	door_input(p->conn, stage, at, p->w->now_ms);
	return at;
}

bool peer_send(struct peer *p, const uint8_t *bytes, size_t len, size_t chunk)
{
	size_t n;

	for (; len && p->conn && conn_is_open(p->conn); bytes += n, len -= n) {
		if (!door_wants_input(p->conn))
			fuzz_world_settle(p->w);
		if (!p->conn || !conn_is_open(p->conn))
			break;
		if (!door_wants_input(p->conn))
			return false;
		n = receive(p, bytes, len < chunk ? len : chunk);
	}
	return true;
}

void peer_lose(struct peer *p)
{
	if (p->conn)
		conn_event(p->conn, EV_DROP);
	fuzz_world_turn(p->w);
}

void peer_close(struct peer *p)
{
	free(p->out);
	p->out = NULL;
}
