#include "scsi/dispatch.h"

#include "scsi/alua.h"
#include "scsi/cmd_table.h"
#include "scsi/device.h"
#include "scsi/finish.h"
#include "scsi/itl.h"
#include "scsi/limits.h"
#include "scsi/lu.h"
#include "scsi/nexus.h"
#include "scsi/pr_gate.h"
#include "scsi/rangelock.h"
#include "scsi/ready.h"
#include "scsi/sbc_verify.h"
#include "scsi/sbc_wipe.h"
#include "scsi/taskset.h"
#include "scsi/ua.h"
#include "scsi/wipe.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#define PAGE        4096
#define DATA_IN_MIN PAGE                           /* a page suits nearly all parameter data */
#define DATA_IN_MAX (8u + 8u * (SCSI_LUN_MAX + 1)) /* REPORT LUNS of all there may be */
#define WORK_MAX    (256u << 10)
#define LIST_MAX    (128u << 10) /* bytes of a parameter list: more than any command takes */
#define WS16        0x93
#define NDOB        0x01

static bool refuse(struct scsi_task *t, enum sense_code code)
{
	return finish_sense(t, &(struct sense){ .code = code });
}

static bool refuse_field(struct scsi_task *t, uint16_t byte, uint8_t bit)
{
	return finish_sense(t, &(struct sense){ .code = SENSE_CDB_FIELD,
						.where = SENSE_IN_CDB,
						.byte = byte,
						.bit = bit });
}

/* ---- scsi_submit(): what needs no turn in the task set ---- */

/* t->lu and t->itl; NULL when there is no such logical unit for this nexus. False: no memory. */
static bool find_lu(struct scsi_task *t)
{
	struct scsi_nexus *x = t->nexus;
	struct scsi_lu *lu;
	uint32_t number;

	if (scsi_lun_get(t->lun, &number))
		return true;
	t->itl = map_get(&x->itls, number);
	lu = t->itl ? t->itl->lu : scsi_device_lu(x->device, number);
	if (!lu || (x->sees && !x->sees(x, lu))) {
		t->itl = NULL;
		return true;
	}
	if (!t->itl)
		t->itl = itl_get(x, lu);
	if (!t->itl) {
		t->status = SCSI_BUSY;
		return false;
	}
	t->lu = lu;
	return true;
}

static bool find_row(struct scsi_task *t)
{
	bool known;

	if (t->lu)
		t->cmd = cmd_find(t->lu->cmds, t->lu->ncmds, t->cdb, t->lu, &known);
	else
		t->cmd = cmd_find(cmd_table, cmd_table_len, t->cdb, NULL, &known);
	if (t->cmd)
		return true;
	if (!t->lu)
		return refuse(t, SENSE_NO_LU);
	if (known)
		return refuse_field(t, 1, 4); /* SERVICE ACTION */
	return refuse(t, SENSE_OPCODE);
}

/* Seldom: kept out of line, so that all other commands do without the room for sense data. */
static __attribute__((noinline)) bool pass_wipe(struct scsi_task *t)
{
	struct sense s;

	return !wipe_refuses(t->lu, t->cmd->flags & F_WIPES, &s) || finish_sense(t, &s);
}

/* A wipe keeps all away but those that are about the unit itself (SBC-4, 4.11.2). */
static bool gate_wipe(struct scsi_task *t)
{
	return !t->lu || !t->lu->wipe || t->cmd->flags & F_KEEP_UA || pass_wipe(t);
}

static bool check_fields(struct scsi_task *t)
{
	struct cdb_fields fields;
	uint16_t byte;
	uint8_t bit;

	if (t->cdb_len < cdb_len(t->cmd->opcode))
		return refuse_field(t, t->cdb_len, SENSE_NO_BIT);
	if (cmd_stray_bit(t->cmd, t->lu, t->cdb, &byte, &bit))
		return refuse_field(t, byte, bit);
	cdb_get((enum cdb_form)t->cmd->form, t->cdb, &fields);
	t->lba = fields.lba;
	t->nblk = fields.blocks;
	t->alloc_len = fields.alloc_len;
	return true;
}

/* During a wipe that is what all are told, also of a CDB that is wrong. */
static bool check_cdb(struct scsi_task *t)
{
	return check_fields(t) || (gate_wipe(t) && false);
}

/* NORMACA is 0 (SPC-5, 6.6.2): there is never an ACA condition for a task to be about. A row may
 * have an attribute of its own, whatever came. */
static bool check_attr(struct scsi_task *t)
{
	if (t->attr > SCSI_HEAD_OF_QUEUE)
		return refuse(t, SENSE_MESSAGE);
	if (t->cmd->flags & F_HEAD)
		t->attr = SCSI_HEAD_OF_QUEUE;
	return true;
}

void scsi_submit(struct scsi_task *t)
{
	assert(t->state == SCSI_TASK_NEW);
	t->core = t->nexus->device->core;
	t->began_ns = t->core->now_ns;
	if (!find_lu(t) || !find_row(t) || !check_cdb(t) || !check_attr(t) ||
	    (t->lu && !taskset_has_room(t)))
		ready_put(t, SCSI_TASK_ENDING);
	else if (t->lu)
		taskset_enter(t);
	else
		ready_put(t, SCSI_TASK_READY);
}

/* ---- scsi_prepare(): the gates ---- */

static bool gate_port(struct scsi_task *t)
{
	uint32_t code = t->lu ? alua_refuses(t->lu, t->nexus, t->cmd->flags) : SENSE_NONE;

	return code == SENSE_NONE || refuse(t, (enum sense_code)code);
}

static bool gate_reservation(struct scsi_task *t)
{
	if (!t->lu || pr_gate_passes(t->itl, t->cmd, t->cdb))
		return true;
	t->status = SCSI_RESERVATION_CONFLICT;
	return false;
}

/*
 * SAM-5, 5.3.3: RESERVATION CONFLICT goes before all unit attentions but those of resets
 * and of commands that are gone; these stay, until a command is let through. A port that
 * gives no access lets nobody see who has reserved the unit.
 */
static bool is_conflict_first(const struct scsi_task *t)
{
	return !ua_tells_of_loss(t->itl) &&
	       alua_refuses(t->lu, t->nexus, t->cmd->flags) == SENSE_NONE &&
	       !pr_gate_passes(t->itl, t->cmd, t->cdb);
}

static __attribute__((noinline)) bool tell_attention(struct scsi_task *t)
{
	struct sense s;

	if (is_conflict_first(t))
		return gate_reservation(t);
	if (!ua_tell(t->itl, &s))
		return true;
	/* RFC 7143, 4.2.2.3.3 a): told to all who lost commands, before anything that follows */
	t->fenced =
		s.code == SENSE_CLEARED || s.code == SENSE_LU_RESET || s.code == SENSE_TARGET_RESET;
	return finish_sense(t, &s);
}

/* A unit attention is the initiator's: no inner command may take it away. */
static bool gate_attention(struct scsi_task *t)
{
	return t->cmd->flags & F_KEEP_UA || t->attr == SCSI_INNER || !t->itl->ua ||
	       tell_attention(t);
}

static bool gate_medium(struct scsi_task *t)
{
	if (!(t->cmd->flags & F_MEDIUM))
		return true;
	if (t->lu->ejected)
		return refuse(t, SENSE_NO_MEDIUM);
	if (t->lu->stopped)
		return refuse(t, SENSE_STOPPED);
	return true;
}

static bool gate_protect(struct scsi_task *t)
{
	if (!(t->cmd->flags & F_WRITES))
		return true;
	if (t->lu->opt.read_only)
		return refuse(t, SENSE_PROTECTED);
	return !t->lu->swp || refuse(t, SENSE_SWP);
}

static bool gate_range(struct scsi_task *t)
{
	if (!(t->cmd->flags & F_RANGE))
		return true;
	if (t->lba >= t->lu->blocks || t->nblk > t->lu->blocks - t->lba)
		return refuse(t, SENSE_RANGE);
	return true;
}

/* Bytes of data-out that the CDB alone asks for. */
static uint64_t out_bytes(const struct scsi_task *t)
{
	uint64_t blocks = 0;

	switch ((enum cmd_xfer)t->cmd->xfer) {
	case XFER_NONE:
	case XFER_IN_BLOCKS:
	case XFER_IN_ALLOC: return 0;
	case XFER_OUT_LIST: return t->alloc_len;
	case XFER_OUT_FORMAT: return sbc_format_bytes(t->cdb);
	case XFER_OUT_BLOCKS: blocks = t->nblk; break;
	case XFER_OUT_TWICE: blocks = 2 * t->nblk; break;
	case XFER_OUT_SAME: blocks = t->cdb[0] == WS16 && t->cdb[1] & NDOB ? 0 : 1; break;
	case XFER_OUT_CHECK:
		if (sbc_bytchk(t->cdb) == BYTCHK_ALL)
			blocks = t->nblk;
		else if (sbc_bytchk(t->cdb) == BYTCHK_ONE && t->nblk)
			blocks = 1;
		break;
	}
	return blocks << t->lu->block_shift;
}

/*
 * Can the command do with all of its data only? One block that stands for many,
 * and blocks to compare with ahead of those to write.
 */
static bool wants_all(const struct scsi_task *t)
{
	switch ((enum cmd_xfer)t->cmd->xfer) {
	case XFER_OUT_SAME:
	case XFER_OUT_TWICE: return true;
	case XFER_OUT_CHECK: return sbc_bytchk(t->cdb) == BYTCHK_ONE;
	default: return false;
	}
}

/*
 * Does what the initiator brings go with what the command takes? Less than the
 * CDB says is moved in whole blocks, and the rest told as a residual.
 */
static bool check_out(struct scsi_task *t, uint32_t bytes)
{
	uint32_t room = finish_out_room(t);

	if (!bytes)
		return true;
	if (t->may_read && !t->may_write)
		return refuse(t, SENSE_BAD_UNIT); /* the other way round */
	t->xfer_len = bytes;
	t->out_want = room < bytes ? room : bytes;
	if (t->cmd->xfer == XFER_OUT_LIST || t->cmd->xfer == XFER_OUT_FORMAT)
		return true;
	if (wants_all(t) ? room != bytes : t->out_want % t->lu->opt.block_size) {
		t->out_want = 0;
		return refuse(t, SENSE_BAD_UNIT);
	}
	return true;
}

/*
 * NUMBER OF LOGICAL BLOCKS of COMPARE AND WRITE has a byte, and 0 is no error. But
 * who says 0 and brings data has lost the rest of a larger number.
 */
static bool check_caw(const struct scsi_task *t)
{
	if (t->cmd->xfer != XFER_OUT_TWICE)
		return true;
	return t->nblk <= LIMITS_CAW_BLOCKS && (t->nblk || !finish_out_room(t));
}

static bool gate_transfer(struct scsi_task *t)
{
	uint64_t bytes = out_bytes(t);

	switch ((enum cmd_xfer)t->cmd->xfer) {
	case XFER_OUT_LIST:
		if (bytes > LIST_MAX)
			return refuse(t, SENSE_LIST_LENGTH);
		break;
	case XFER_IN_BLOCKS:
	case XFER_OUT_BLOCKS:
	case XFER_OUT_CHECK: /* also without data: nobody may keep the medium busy for hours */
		if (t->nblk << t->lu->block_shift > SCSI_XFER_MAX)
			return refuse_field(t, cdb_length_at((enum cdb_form)t->cmd->form), 7);
		break;
	default: break;
	}
	if (!check_caw(t))
		return refuse_field(t, cdb_length_at((enum cdb_form)t->cmd->form), 7);
	if (t->cmd->xfer == XFER_OUT_CHECK && sbc_bytchk(t->cdb) == 2)
		return refuse_field(t, 1, 2);
	return check_out(t, (uint32_t)bytes);
}

/* ---- buffers ---- */

static uint32_t min32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* What a read brings: no more than somebody wants (up to 2^32 - 1 bytes), in whole blocks. */
static uint32_t read_need(const struct scsi_task *t)
{
	uint64_t block = t->lu->opt.block_size;
	uint64_t wanted = (finish_in_room(t) + block - 1) & ~(block - 1);
	uint64_t len = t->nblk << t->lu->block_shift;

	return (uint32_t)(wanted < len ? wanted : len);
}

/* Bytes that t->buf must have. */
static uint32_t data_need(const struct scsi_task *t)
{
	uint32_t room;

	switch ((enum cmd_xfer)t->cmd->xfer) {
	case XFER_NONE: return 0;
	case XFER_IN_BLOCKS: return read_need(t);
	case XFER_IN_ALLOC:
		room = min32(min32(finish_in_room(t), t->alloc_len), DATA_IN_MAX);
		return room < DATA_IN_MIN ? DATA_IN_MIN : room;
	default: return t->out_want;
	}
}

/* Bytes of work space: whole blocks. */
static uint32_t work_need(const struct scsi_task *t)
{
	uint64_t len;

	if (!(t->cmd->flags & F_WORK))
		return 0;
	len = t->nblk << t->lu->block_shift;
	return len < WORK_MAX ? (uint32_t)len : WORK_MAX;
}

/* Data in and out, work: one buffer has it all, so that nobody holds one and waits for another. */
static uint32_t buffer_need(const struct scsi_task *t, uint32_t *data)
{
	*data = data_need(t);
	if (t->buf && t->buf->size >= *data)
		*data = 0; /* it is there already */
	return ((*data + PAGE - 1) & -(uint32_t)PAGE) + work_need(t);
}

/* b, of buffer_need() bytes, is given to the task. */
static void adopt(struct scsi_task *t, struct buf *b, uint32_t data)
{
	t->work_len = work_need(t);
	if (t->work_len) {
		t->work = buf_ref(b);
		t->work_data = b->data + ((data + PAGE - 1) & -(uint32_t)PAGE);
	}
	if (!data) {
		buf_put(b);
		return;
	}
	if (t->buf)
		/* all of it: data may have come beyond out_have, too */
		memcpy(b->data, t->buf->data, min32(t->buf->size, data));
	buf_put(t->buf);
	t->buf = b;
}

static void buffer_came(struct buf_wait *w)
{
	struct scsi_task *t = (struct scsi_task *)((char *)w - offsetof(struct scsi_task, wait));
	uint32_t data;
	struct buf *b = buf_get(t->core->pool, buffer_need(t, &data));

	if (b) {
		adopt(t, b, data);
		ready_put(t, SCSI_TASK_BUFFERED);
	} else {
		t->status = SCSI_BUSY; /* the system itself has none */
		ready_put(t, SCSI_TASK_ENDING);
	}
}

/* True: the task has its buffer, or needs none. Else it stands in line. */
static bool get_buffer(struct scsi_task *t)
{
	uint32_t data;
	uint32_t need = buffer_need(t, &data);
	struct buf *b;

	if (!need)
		return true;
	b = buf_get(t->core->pool, need);
	if (b) {
		adopt(t, b, data);
		return true;
	}
	t->state = SCSI_TASK_NO_BUF;
	t->wait.size = need;
	t->wait.ready = buffer_came;
	buf_wait_start(t->core->pool, &t->wait);
	return false;
}

/* ---- and on ---- */

/* May the store have the data from where it came? Only if it is done with it before that goes. */
static bool may_take_early(const struct scsi_task *t)
{
	return t->cmd->flags & F_EARLY && t->lu->store->caps & STORE_AT_ONCE;
}

static void scsi_execute(struct scsi_task *t)
{
	if (t->cmd->flags & F_NO_WAIT && !rangelock_is_free(t)) {
		t->state = SCSI_TASK_RUNNING;
		finish_status(t, SCSI_BUSY);
		return;
	}
	if (!rangelock_take(t))
		return; /* in line; it comes back as one whose data has arrived */
	t->state = SCSI_TASK_RUNNING;
	if (t->early && !may_take_early(t))
		scsi_task_settle(t);
	if (gate_wipe(t)) /* one may have begun since the task met the gates */
		t->cmd->run(t);
	else
		finish_task(t);
}

static void fetch_data(struct scsi_task *t)
{
	if (!t->out_want || (t->out_have >= t->edtl && t->out_have >= t->out_want)) {
		scsi_execute(t);
		return;
	}
	t->state = SCSI_TASK_DATA;
	t->port->get_data(t);
}

/*
 * The gates of an enabled task, in the order in which SPC-5 and SBC-4 want faults
 * told: what is about other nexuses between unit attention and medium.
 */
static void scsi_prepare(struct scsi_task *t)
{
	bool through = gate_attention(t) && gate_port(t) && gate_reservation(t) && gate_wipe(t) &&
		       gate_medium(t) && gate_protect(t) && gate_range(t) && gate_transfer(t);

	if (!through)
		finish_task(t);
	else if (get_buffer(t))
		fetch_data(t);
}

void scsi_data_arrived(struct scsi_task *t)
{
	if (t->state == SCSI_TASK_DATA)
		ready_put(t, SCSI_TASK_ARRIVED);
}

void scsi_abort(struct scsi_task *t)
{
	finish_abort(t, false);
}

void dispatch_go_on(struct scsi_task *t)
{
	switch (t->state) {
	case SCSI_TASK_READY: scsi_prepare(t); return;
	case SCSI_TASK_BUFFERED: fetch_data(t); return;
	case SCSI_TASK_ARRIVED: scsi_execute(t); return;
	case SCSI_TASK_ENDING: finish_task(t); return;
	default: assert(false && "a state in which no task is on the ready list");
	}
}
