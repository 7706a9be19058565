/*
 * What of a logical unit outlives the process: files in the state directory, one for
 * each kind of thing that is kept. Each has a head that says what it is and whose, a
 * checksum, and a bounded length; it is replaced as a whole, when all of the new one
 * is on stable storage.
 *
 * The file, numbers in network order:
 *
 *    0  8  magic of the kind    12  4  length of all
 *    8  4  version of the kind  16 16  NAA designator of the logical unit
 *   32     what is kept
 *  end-4   CRC-32C of all before
 */
#ifndef SCSI_KEEP_H
#define SCSI_KEEP_H

#include "scsi/device.h"
#include "scsi/lu.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

#define KEEP_HEAD     32 /* bytes in front of what is kept */
#define KEEP_TAIL     4  /* and behind it */
#define KEEP_NAME_MAX (SCSI_DEV_NAME_MAX + 24)

struct scsi_task;

/* A kind of thing that is kept: a const row of whoever keeps it. */
struct keep_kind {
	uint8_t magic[8];
	uint32_t version;
	uint32_t max;       /* bytes of the longest file */
	const char *suffix; /* of its name */
	const char *what;   /* in messages: "file of reservations" */
};

/* A file being written; lent to the worker until done(). */
struct keep {
	struct store_io io;
	const char *dir;          /* borrowed from the core */
	char name[KEEP_NAME_MAX]; /* in dir */
	uint8_t *bytes;           /* owns; NULL: the file is to be removed */
	uint32_t len;
	const char *what;                        /* the kind's */
	void (*done)(struct keep *k, int error); /* 0 or -errno, which has been logged */
	void *user;                              /* the caller's */
};

/* Can anything be kept for lu? */
bool keep_is_there(const struct scsi_lu *lu);

/* The name of lu's file of that kind. lu is in its device. */
void keep_name(char name[static KEEP_NAME_MAX], const struct keep_kind *kind,
	       const struct scsi_lu *lu);

/* Write head and checksum of a file of len bytes at p. */
void keep_frame(const struct keep_kind *kind, const uint8_t naa[static SCSI_NAA_LEN], uint8_t *p,
		uint32_t len);

/* What is wrong with the head or the checksum of len bytes at p; NULL: nothing. */
const char *keep_check(const struct keep_kind *kind, const uint8_t naa[static SCSI_NAA_LEN],
		       const uint8_t *p, uint32_t len);

/*
 * Read lu's file of that kind. 0: *p has its *len bytes, whose frame is good, and the
 * caller frees it. -ENOENT: there is none. Else -errno, and *fault says what is wrong
 * with it. May block.
 */
int keep_read(const struct scsi_lu *lu, const struct keep_kind *kind, uint8_t **p, uint32_t *len,
	      const char **fault);

/* Take over the len bytes at p between head and checksum. False: they make no sense. */
typedef bool keep_take_fn(struct scsi_lu *lu, const uint8_t *p, uint32_t len);

/*
 * Read lu's file of that kind, when there is one, and have it taken over. What cannot be read
 * is told with what holds instead. May block.
 */
void keep_load(struct scsi_lu *lu, const struct keep_kind *kind, keep_take_fn *take,
	       const char *instead);

/*
 * Put a file of len bytes, keep_frame()d here, in the place of lu's; bytes NULL: remove
 * it. k owns bytes from here on. done() is called once, never from inside.
 */
void keep_write(struct keep *k, struct scsi_lu *lu, const struct keep_kind *kind, uint8_t *bytes,
		uint32_t len, void (*done)(struct keep *k, int error));

/*
 * Remove all that is kept in dir for the logical unit of that number of a device, which is no
 * more. Nothing is no error. 0 or -errno. May block.
 */
int keep_forget(const char *dir, const char *device, uint32_t number);

/*
 * Commands that change what is kept do so one at a time. True: it is t's turn, until
 * keep_leave(); else t stands in line, and its handler is called again.
 */
bool keep_enter(struct scsi_task *t);
void keep_leave(struct scsi_lu *lu);

#endif
