/*
 * A configuration that has been checked: the settings of the daemon, the world of
 * targets without their logical units, and the LUNs that build.h opens.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "config/tree.h"
#include "scsi/lu.h"
#include "store/store.h"
#include "target/world.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

/* Options outside of any section. */
struct conf_settings {
	int log_level; /* enum log_level */
	uint32_t shutdown_timeout_ms;
	uint32_t login_timeout_ms;
	uint32_t max_connections;
	uint64_t buffer_memory; /* bytes */
	uint32_t busy_poll_us;
	const char *state_directory;
	const char *control_socket; /* "": none */
	const char *metrics;        /* NULL: none */
	const char *control_group;  /* NULL: the process's own */
};

/* The sections' options as they are read; texts are borrowed from the tree. */
struct conf_portal_group_options {
	const char *discovery_auth_group;
	const char *redirect; /* NULL: none */
	bool redirect_permanent;
};

struct conf_chap_options {
	const char *secret; /* NULL: none */
	const char *secret_file;
	const char *mutual_user;
	const char *mutual_secret;
	const char *mutual_secret_file;
};

struct conf_target_options {
	const char *alias; /* NULL: none */
	const char *auth_group;
	struct target_limits limits;
};

enum conf_backend {
	CONF_BACKEND_PATH,
	CONF_BACKEND_FILE,
	CONF_BACKEND_BLOCK,
	CONF_BACKEND_RAM,
	CONF_BACKEND_NULL,
	CONF_BACKEND_CDROM
};

struct conf_lun_options {
	int backend; /* enum conf_backend; …_PATH, …_CDROM: file or block, as the path is */
	const char *path;             /* NULL: none */
	uint64_t size;                /* bytes; 0: none */
	int block_size;               /* bytes */
	uint64_t physical_block_size; /* bytes */
	int io;                       /* enum store_mode */
	uint64_t max_iops;            /* 0: any number */
	uint64_t max_bandwidth;       /* bytes a second; 0: any number */
	bool write_cache;
	bool thin;
	bool read_only;
	bool removable;
	uint32_t soft_threshold; /* percent */
	const char *serial;      /* NULL: made */
	const char *vendor;
	const char *product;
};

/* Where a LUN's data is. */
struct conf_place {
	dev_t device;
	ino_t inode;
	const char *name; /* "": of the file itself; else in the folder of that device and inode,
			     where it is to be made; NULL: nowhere. Borrowed from the tree */
};

/* A LUN to be opened. */
struct config_lun {
	struct target *target;        /* borrowed from the world */
	const struct conf_node *node; /* borrowed from the tree */
	uint32_t number;              /* UINT32_MAX: none that is good, which is told */
	struct conf_lun_options options;
	struct conf_place place;
	struct lun_mask *mask; /* owns until its logical unit is there; NULL: everybody sees it */
	struct store *store;   /* owns likewise; NULL: not open */
	STAILQ_ENTRY(config_lun) link;
};

struct config {
	struct conf_settings settings;
	struct world world;
	STAILQ_HEAD(, config_lun) luns; /* in the order of the file */
};

/* An empty one. core is borrowed, outlives it. 0 or -ENOMEM. */
int config_init(struct config *c, struct scsi_core *core);

/* Frees the world with all its logical units and their stores. No session is left. */
void config_fini(struct config *c);

#endif
