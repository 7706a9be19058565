/*
 * Asymmetric logical unit access (SPC-5, 5.17): each target port group has a state
 * for a logical unit, which says what may be done through it.
 */
#ifndef SCSI_ALUA_H
#define SCSI_ALUA_H

#include <stdint.h>

struct scsi_device;
struct scsi_lu;
struct scsi_nexus;

/* ASYMMETRIC ACCESS STATE (SPC-5, table 314) */
enum alua_state {
	ALUA_OPTIMIZED = 0x0,
	ALUA_NON_OPTIMIZED = 0x1,
	ALUA_STANDBY = 0x2,
	ALUA_UNAVAILABLE = 0x3,
	ALUA_OFFLINE = 0xe,
	ALUA_TRANSITIONING = 0xf,
};

/* STATUS CODE (SPC-5, table 315): how a group came to its state */
enum alua_cause { ALUA_UNCHANGED, ALUA_EXPLICIT, ALUA_IMPLICIT };

/* The state of that name ("standby"), or -1. */
int alua_parse(const char *name);

/*
 * The state that a port group has for logical units that are added later.
 * 0; -ENOENT: no port is in it.
 */
int alua_configure(struct scsi_device *d, uint16_t group, enum alua_state state);

/* What alua_configure() has said; optimized where it said nothing, or there is no such group. */
enum alua_state alua_configured(const struct scsi_device *d, uint16_t group);

/* Take over what is configured for the device that lu was added to. */
void alua_start(struct scsi_lu *lu);

enum alua_state alua_state(const struct scsi_lu *lu, const struct scsi_nexus *x);

/*
 * May x do there what has those flags (enum cmd_flag)? 0, or the sense of what it
 * is told instead.
 */
uint32_t alua_refuses(const struct scsi_lu *lu, const struct scsi_nexus *x, uint32_t flags);

/*
 * A group changes its state: every nexus that knows lu is told, but except (NULL: every
 * one). A change to what it is already is none. 0; -ENOENT: there is no such group.
 */
int alua_set(struct scsi_lu *lu, uint16_t group, enum alua_state state, enum alua_cause cause,
	     const struct scsi_nexus *except);

#endif
