/*
 * A store: bytes at offsets, asynchronous. A kind (file, ram, null, a filter) is a
 * row in store.c's table and a struct store_ops.
 *
 * The rule of completion: done() is never called from inside store_submit().
 * Whatever finishes is put on the environment's list, and store_env_reap(),
 * which the loop calls, hands it back. So a handler may submit its next step
 * from done() without recursion.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <libaio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct store;
struct store_env;

enum store_op {
	STORE_READ,
	STORE_WRITE,
	STORE_FLUSH,   /* all completed writes to stable storage; offset and len are 0 */
	STORE_DISCARD, /* give the range back; reads as zeros afterwards */
	STORE_ZERO,    /* make the range read as zeros, keeping it allocated where it can */
	STORE_RESERVE, /* likewise, and what is written there later needs no space that is not
			  the store's by then */
	STORE_EXTENT,  /* is offset allocated, and how far (at most len) is it alike: sets mapped,
			  reserved, extent_len */
	STORE_COPY,    /* make the range what is at from_offset of from, without moving its bytes
			  here; -EOPNOTSUPP: that cannot be done, read and write it */
	STORE_SPACE,   /* how much space it takes, and is left to it; offset and len are 0 */
};

/* Bytes of the file system that a store lies on. */
struct store_space {
	uint64_t used;      /* by the store */
	uint64_t available; /* to everybody */
	uint64_t total;     /* of it */
};

#define STORE_FUA    0x1         /* with what writes: on stable storage before done */
#define STORE_RW_MAX (16u << 20) /* bytes: the longest read or write */

/*
 * Bytes that are read where the store has them, instead of being copied. The caller sets copy,
 * and moved or NULL, and lends it with a read until store_view_end(). Before the store changes the
 * bytes, or closes, it copies them all and calls moved(): so what a view shows never changes.
 */
struct store_view {
	const uint8_t *data; /* io->len bytes of the store's; NULL: it copied, or has moved them */
	uint64_t offset;     /* bytes, as of the read */
	uint64_t len;        /* bytes, likewise */
	uint8_t *copy;       /* len bytes; borrowed */
	/* from: where the bytes were; they are at copy now. data is NULL already. */
	void (*moved)(struct store_view *v, const uint8_t *from);
	LIST_ENTRY(store_view) link;
};

/* One request; lent by the caller from store_submit() until done(). */
struct store_io {
	enum store_op op;
	uint32_t flags;  /* STORE_FUA */
	uint64_t offset; /* bytes, a multiple of the store's io_align */
	uint64_t len;    /* bytes, likewise; not 0 but for a flush; at most STORE_RW_MAX to move */
	/* read, write: len bytes, 4 KiB aligned but for a write with STORE_AT_ONCE; borrowed */
	uint8_t *data;
	struct store_view
		*view;        /* STORE_READ: where not NULL, the store may lend instead of copy */
	struct store *from;   /* STORE_COPY: borrowed; the caller keeps it open until done() */
	uint64_t from_offset; /* STORE_COPY: bytes, a multiple of the io_align of from */
	void (*done)(struct store_io *io);
	void *user; /* the caller's */

	/* what came of it */
	int error;                /* 0 or -errno; a short read or write is -EIO */
	bool mapped;              /* STORE_EXTENT: data is there, or nobody knows */
	bool reserved;            /* … there is none, but its space is (STORE_RESERVE) */
	struct store_space space; /* STORE_SPACE */
	uint64_t extent_len;      /* STORE_EXTENT: bytes, at least 1 block of io_align */

	/* the store's own */
	struct store *store;
	uint64_t part;                                  /* bytes done of a read or write */
	int (*work)(struct store_io *io);               /* runs on a worker, may block */
	void (*next)(struct store_io *io, long result); /* back in the loop: the next step */
	struct iocb iocb;
	STAILQ_ENTRY(store_io) link; /* in the one list that has it */
};

STAILQ_HEAD(store_io_list, store_io);

enum store_cap {
	STORE_CAN_DISCARD = 0x1,
	STORE_CAN_EXTENT = 0x2, /* STORE_EXTENT tells more than "all mapped" */
	STORE_READ_ONLY = 0x4,
	STORE_CAN_SPACE = 0x10,
	STORE_VOLATILE = 0x8, /* content is gone with the process: ram */
	STORE_CAN_RESERVE = 0x20,
	STORE_AT_ONCE = 0x40, /* when store_submit() returns, the data of a write is used up */
};

struct store_ops {
	const char *name;
	void (*submit)(struct store_io *io); /* range and capability already checked */
	void (*recall)(struct store *s, struct store_io *io); /* NULL: it holds nothing back */
	void (*hurry)(struct store *s, bool on);              /* NULL: likewise */
	int (*resize)(struct store *s, uint64_t size);        /* NULL: cannot */
	void (*close)(struct store *s);                       /* no request is in flight */
	void (*undo)(struct store *s);   /* before close(): what opening made; NULL: nothing */
	int (*claim)(struct store *s);   /* what takes_over left; NULL: nothing */
	void (*settle)(struct store *s); /* NULL: it lends nothing */
	bool copies; /* submit() takes STORE_COPY from a store with the same operations */
};

enum store_mode { STORE_IO_DIRECT, STORE_IO_CACHED };

/* What every kind has in front of its own. */
struct store {
	const struct store_ops *ops;
	struct store_env *env;  /* borrowed; outlives the store */
	struct store *below;    /* of a filter: the store it stands on, its own; NULL: no filter */
	uint64_t size;          /* bytes */
	uint32_t io_align;      /* bytes that offset and len must be a multiple of */
	uint32_t optimal_io;    /* bytes, 0: does not matter */
	uint32_t discard_align; /* bytes that a discard gives back at least; 0 when it cannot */
	uint32_t caps;          /* enum store_cap */
	uint32_t in_flight;     /* submitted, not handed on to the store below, not handed back */
	enum store_mode io;     /* what it is served with, which need not be what was wished */
};

/* What a LUN's options say of its store. */
struct store_params {
	const char *backend; /* a name of store_kind() */
	const char *path;    /* file, block */
	uint64_t size;       /* bytes; 0: not given */
	enum store_mode io;
	uint32_t block_size; /* bytes: 512 to 4096, a power of two; becomes io_align */
	bool read_only;
	bool thin;              /* discard punches holes */
	uint64_t max_iops;      /* requests a second; 0: any number */
	uint64_t max_bandwidth; /* bytes a second that are read and written; 0: any number */
	/*
	 * Another store of this process serves path now, and is closed before this one is used:
	 * opening leaves its lock alone, changes nothing, and store_claim() follows.
	 */
	bool takes_over;
};

/*
 * The environment of all stores of a process: the libaio context, the workers,
 * the list of finished requests.
 * depth: requests in the kernel at most; more wait in user space.
 * workers: threads at most, at least 1; they start when there is first work for them.
 * 0, -ENOMEM, or what eventfd() says. The caller owns *out.
 */
int store_env_new(unsigned int depth, unsigned int workers, struct store_env **out);
void store_env_free(struct store_env *env); /* every store is closed; NULL is fine */

/* Readable when store_env_reap() has something from the kernel or the workers. */
int store_env_fd(const struct store_env *env);

/*
 * Hand finished requests back: calls done(). Requests that these calls finish
 * wait for the next call. wake: the descriptor was readable; without it and
 * without news there is no system call. True when something was handed back.
 */
bool store_env_reap(struct store_env *env, bool wake);

/* Before it hands requests back, store_env_reap() writes the time into *ns (clock_ns()). */
void store_env_stamp(struct store_env *env, uint64_t *ns);

/*
 * One io_submit for everything queued since the last call. Called at the end of
 * each loop turn. Makes the descriptor readable when something is finished and
 * not yet handed back, so that the loop may sleep after it in any case.
 */
void store_env_flush(struct store_env *env);

/* An operation in words: "read", "write", "flush" … */
const char *store_op_name(enum store_op op);

/*
 * What time it is, for the filters that hold requests back: now_ms never goes back, and
 * means nothing but the distance from one call to the next. Those whose time has come go on.
 */
void store_env_tick(struct store_env *env, uint64_t now_ms);

/* When store_env_tick() has something to do; UINT64_MAX: never, as things are. */
uint64_t store_env_due_ms(const struct store_env *env);

/* The names of the kinds of store: the i-th, or NULL past the last. */
const char *store_kind(size_t i);

/* All of them for a message: "file, block, ram, null". dst of at least 64 bytes; returns it. */
char *store_kinds(char *dst, size_t size);

#define STORE_WHY_MAX 256

/*
 * Open what p says. A missing file with a size is made, sparse; a smaller one is
 * grown; of a larger one the first size bytes are served and the rest is left
 * alone. 0 or -errno with a sentence for people in why. The caller owns *out.
 * io = direct where the file system cannot: logged, and served cached. May block.
 */
int store_open(struct store_env *env, const struct store_params *p, struct store **out,
	       char why[static STORE_WHY_MAX]);

/* Is nothing in flight, in it and below it? */
bool store_is_idle(const struct store *s);

/*
 * Take back what it has lent to views. In the loop, which the views are of, before a worker resizes
 * or closes it, and when nothing is read from it any more until then. NULL is fine.
 */
void store_settle(struct store *s);

/* Requires store_is_idle(), and store_settle() where it was read. NULL is fine. */
void store_close(struct store *s);

/*
 * Close a store that was never used, and undo what opening it did: a file that was made is
 * removed, one that was grown is cut. May block. NULL is fine.
 */
void store_abandon(struct store *s);

/*
 * The store that this one has taken over from is closed: keep others from it, as opening does
 * otherwise. 0; -EBUSY: somebody else was quicker; -errno. May block.
 */
int store_claim(struct store *s);

/*
 * Start a request. What the store cannot take comes back through done(), too:
 * -EINVAL for a range outside the store, misaligned, empty or too long, -EROFS,
 * -EOPNOTSUPP for STORE_DISCARD without STORE_CAN_DISCARD, and likewise.
 */
void store_submit(struct store *s, struct store_io *io);

/* The view is the caller's again. Harmless on one that is all zero, or where the store copied. */
void store_view_end(struct store_view *v);

/*
 * Nobody waits for the result any more: a filter that holds the request back gives it
 * back at once, by done() with -ECANCELED. What is under way already is not stopped.
 */
void store_recall(struct store *s, struct store_io *io);

/*
 * From now on a filter holds nothing back, until it is told otherwise: somebody waits for the
 * store to be idle, and that cannot take as long as its limits would have it.
 */
void store_hurry(struct store *s, bool on);

/*
 * Let a worker run work(), which may block and sees only what io points to; its
 * result becomes io->error, and io->done() follows as for a request.
 */
void store_work(struct store *s, struct store_io *io, int (*work)(struct store_io *io));

/*
 * size: bytes, a multiple of io_align. 0; -EINVAL; -EROFS; -EOPNOTSUPP; -errno.
 * Shrinking with requests in flight beyond the end lets those fail; a file is not cut. May block.
 */
int store_resize(struct store *s, uint64_t size);

#endif
