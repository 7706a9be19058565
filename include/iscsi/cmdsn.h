/* The command window of a session: which commands may run, wait, or go (RFC 7143, 4.2.2.1). Pure.
 */
#ifndef ISCSI_CMDSN_H
#define ISCSI_CMDSN_H

#include <stdint.h>
#include <sys/queue.h>

/* A command that waits for one before it; lent from cmdsn_accept() to cmdsn_next_held(). */
struct cmdsn_entry {
	uint32_t cmdsn;
	void (*run)(struct cmdsn_entry *e);  /* the owner's: its turn has come */
	void (*drop)(struct cmdsn_entry *e); /* the owner's: the session is over */
	TAILQ_ENTRY(cmdsn_entry) link;
};

struct cmdsn {
	uint32_t exp;                             /* ExpCmdSN: the next number to run */
	uint32_t max;                             /* MaxCmdSN as last told: it never goes back */
	uint32_t depth;                           /* commands that may be open at once */
	uint32_t open;                            /* commands run and not yet answered */
	TAILQ_HEAD(cmdsn_list, cmdsn_entry) held; /* in order of CmdSN */
};

enum cmdsn_verdict {
	CMDSN_RUN,  /* its turn: run it, then all of cmdsn_next_held() */
	CMDSN_HELD, /* kept; cmdsn_next_held() gives it back */
	CMDSN_DROP, /* outside of the window, or there already: ignore it silently */
};

/* first: the CmdSN that comes next; depth: commands. */
void cmdsn_init(struct cmdsn *w, uint32_t first, uint32_t depth);

/* What cmdsn_accept() would say; nothing changes. */
enum cmdsn_verdict cmdsn_check(const struct cmdsn *w, uint32_t cmdsn);

/* A command that is not immediate has come. Counts as open when it runs. */
enum cmdsn_verdict cmdsn_accept(struct cmdsn *w, struct cmdsn_entry *e, uint32_t cmdsn);

/* The held command whose turn it is now, or NULL. It counts as open from then on. */
struct cmdsn_entry *cmdsn_next_held(struct cmdsn *w);

/* Take a held command out and leave a gap where it was. */
void cmdsn_remove(struct cmdsn *w, struct cmdsn_entry *e);

/* A command is answered, or ended without an answer: there is room for one more. */
void cmdsn_close(struct cmdsn *w);

/*
 * The command that cmdsn_accept() or cmdsn_next_held() let run just now was rejected: its number
 * does not count as received (7.3), and is waited for again.
 */
void cmdsn_refuse(struct cmdsn *w);

/* MaxCmdSN to tell now. */
uint32_t cmdsn_max(struct cmdsn *w);

#endif
