/* Full feature phase: reads, writes, and the few commands that an initiator cannot do without. */
#include "base/bytes.h"
#include "floor.h"

#include <stdlib.h>

#define GOOD            0x00
#define CHECK_CONDITION 0x02

static struct task *task_new(struct conn *c, uint32_t itt)
{
	struct task *t = SLIST_FIRST(&c->floor->free_tasks);

	if (t)
		SLIST_REMOVE_HEAD(&c->floor->free_tasks, link);
	else
		t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->conn = c;
	t->itt = itt;
	t->got = t->asked = t->nr2t = 0;
	t->io.failed = false;
	if (map_add(&c->tasks, itt, t) == 0)
		return t;
	command_free(c->floor, t);
	return NULL;
}

void command_free(struct floor *f, struct task *t)
{
	SLIST_INSERT_HEAD(&f->free_tasks, t, link);
}

/* ---- answers ---- */

static void stamp(struct conn *c, struct answer *a, bool takes)
{
	pdu_stamp(a->bhs, c->statsn, c->expcmdsn, c->expcmdsn + FLOOR_WINDOW - 1);
	if (takes)
		c->statsn++;
}

static void respond(struct conn *c, uint32_t itt, uint8_t status, struct task *t)
{
	struct pdu_scsi_rsp rsp = { .itt = itt, .status = status };
	struct answer *a = conn_add_answer(c);

	pdu_put_scsi_rsp(a->bhs, &rsp);
	stamp(c, a, true);
	a->task = t;
	conn_finish_answer(c, a);
}

/* Data-In for all of a read: as many PDUs as the initiator wants, the last with the status. */
static void send_data(struct conn *c, struct task *t)
{
	struct pdu_data_in in = { .itt = t->itt, .ttt = PDU_TAG_RESERVED };
	uint32_t left = t->io.len, burst = FLOOR_MAX_BURST;
	struct answer *a;

	for (; left; left -= in.data_len, in.datasn++) {
		in.data_len = left < c->max_pdu ? left : c->max_pdu;
		in.data_len = in.data_len < burst ? in.data_len : burst;
		burst -= in.data_len;
		in.flags = 0;
		if (in.data_len == left)
			in.flags = PDU_FINAL | PDU_DATA_IN_STATUS;
		else if (!burst)
			in.flags = PDU_FINAL;
		if (!burst)
			burst = FLOOR_MAX_BURST;
		a = conn_add_answer(c);
		pdu_put_data_in(a->bhs, &in);
		stamp(c, a, in.data_len == left);
		a->data = t->io.data + in.offset;
		a->data_len = in.data_len;
		a->task = in.data_len == left ? t : NULL;
		conn_finish_answer(c, a);
		in.offset += in.data_len;
	}
}

static void end(struct task *t)
{
	struct conn *c = t->conn;

	if (!c)
		return;
	map_remove(&c->tasks, t->itt);
	if (t->io.failed)
		respond(c, t->itt, CHECK_CONDITION, t);
	else if (t->io.is_write)
		respond(c, t->itt, GOOD, t);
	else
		send_data(c, t);
}

void command_stored(void *arg, struct store_io *io)
{
	struct task *t = (struct task *)((char *)io - offsetof(struct task, io));

	if (t->conn)
		end(t);
	else
		command_free(arg, t);
}

/* ---- writes ---- */

static void ask(struct conn *c, struct task *t)
{
	struct pdu_r2t r2t = { .itt = t->itt, .ttt = t->itt, .r2tsn = t->nr2t++, .offset = t->got };
	struct answer *a = conn_add_answer(c);

	if (r2t.ttt == PDU_TAG_RESERVED)
		r2t.ttt = 0;
	r2t.len = t->io.len - t->got;
	if (r2t.len > FLOOR_MAX_BURST)
		r2t.len = FLOOR_MAX_BURST;
	t->asked = t->got + r2t.len;
	pdu_put_r2t(a->bhs, &r2t);
	stamp(c, a, false);
	conn_finish_answer(c, a);
}

/* A part has come. False: it is not where it should be. */
static bool take_data(struct conn *c, struct task *t, const uint8_t *data, uint32_t len, bool final)
{
	if (len > t->io.len - t->got)
		return false;
	store_write(&c->floor->store, &t->io, t->got, data, len);
	t->got += len;
	if (t->got == t->io.len) {
		if (store_write_end(&c->floor->store, &t->io))
			end(t);
	} else if (final) {
		ask(c, t);
	}
	return true;
}

static bool on_data_out(struct conn *c, const uint8_t *bhs, const uint8_t *data)
{
	struct pdu_data_out out;
	struct task *t;

	if (pdu_get_data_out(bhs, &out) != PDU_OK)
		return false;
	t = map_get(&c->tasks, out.itt);
	return t && t->io.is_write && t->got < t->io.len && out.offset == t->got &&
	       take_data(c, t, data, out.data_len, out.final);
}

/* ---- commands ---- */

/* Block address and count of READ and WRITE of 10 and 16 bytes. */
static bool parse_rw(const uint8_t *cdb, struct store_io *io)
{
	uint64_t lba, blocks;

	switch (cdb[0]) {
	case 0x28:
	case 0x2a:
		lba = be32(cdb + 2);
		blocks = be16(cdb + 7);
		break;
	case 0x88:
	case 0x8a:
		lba = be64(cdb + 2);
		blocks = be32(cdb + 10);
		break;
	default: return false;
	}
	if (!blocks || blocks > (16u << 20) / FLOOR_BLOCK)
		return false;
	io->is_write = cdb[0] & 0x02;
	io->offset = lba * FLOOR_BLOCK;
	io->len = (uint32_t)(blocks * FLOOR_BLOCK);
	return true;
}

static void read_capacity(struct conn *c, const struct pdu_scsi_cmd *cmd)
{
	struct task *t = task_new(c, cmd->itt);
	uint8_t *data = c->capacity;

	if (!t)
		return;
	put_be64(data, c->floor->store.size / FLOOR_BLOCK - 1);
	put_be32(data + 8, FLOOR_BLOCK);
	t->io.data = data;
	t->io.is_write = false;
	t->io.len = cmd->edtl < sizeof(c->capacity) ? cmd->edtl : sizeof(c->capacity);
	end(t);
}

static bool on_rw(struct conn *c, const struct pdu_scsi_cmd *cmd, const struct store_io *what,
		  const uint8_t *data)
{
	struct store *s = &c->floor->store;
	struct task *t;

	if (what->offset > s->size || what->len > s->size - what->offset ||
	    what->len != cmd->edtl) {
		respond(c, cmd->itt, CHECK_CONDITION, NULL);
		return true;
	}
	t = task_new(c, cmd->itt);
	if (!t)
		return false;
	t->io.offset = what->offset;
	t->io.len = what->len;
	t->io.is_write = what->is_write;
	if (what->is_write)
		return take_data(c, t, data, cmd->data_len, cmd->final);
	if (store_read(s, &t->io))
		end(t);
	return true;
}

static bool on_command(struct conn *c, const uint8_t *bhs, const uint8_t *data)
{
	struct pdu_scsi_cmd cmd;
	struct store_io what = { 0 };

	if (pdu_get_scsi_cmd(bhs, &cmd) != PDU_OK)
		return false;
	if (!cmd.immediate)
		c->expcmdsn = cmd.cmdsn + 1;
	if (parse_rw(cmd.cdb, &what))
		return on_rw(c, &cmd, &what, data);
	if (cmd.cdb[0] == 0x9e && cmd.edtl)
		read_capacity(c, &cmd);
	else
		respond(c, cmd.itt, cmd.cdb[0] == 0x00 ? GOOD : CHECK_CONDITION, NULL);
	return true;
}

static bool on_logout(struct conn *c, const uint8_t *bhs)
{
	struct pdu_logout_rsp rsp = { .itt = pdu_itt(bhs) };
	struct answer *a = conn_add_answer(c);

	pdu_put_logout_rsp(a->bhs, &rsp);
	stamp(c, a, true);
	conn_finish_answer(c, a);
	c->is_over = true;
	return true;
}

bool command_pdu(struct conn *c, const uint8_t *bhs, const uint8_t *data, uint32_t len)
{
	if (!c->is_full_feature)
		return login_pdu(c, bhs, data, len);
	switch (pdu_opcode(bhs)) {
	case PDU_SCSI_CMD: return on_command(c, bhs, data);
	case PDU_DATA_OUT: return on_data_out(c, bhs, data);
	case PDU_LOGOUT_REQ: return on_logout(c, bhs);
	default: return false;
	}
}
