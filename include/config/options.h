/*
 * The options of the configuration: one row each, with its name, kind, built-in
 * value, range and meaning. The parser, the checks, the command line's --serve
 * and the test of the manual page all read these rows.
 */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

/* What a value looks like, and the type of the field that conf_read_section() sets from it. */
enum conf_kind {
	CONF_TEXT,     /* const char *; printable, min to max bytes */
	CONF_NUMBER,   /* uint32_t */
	CONF_BYTES,    /* uint32_t, a number without a letter */
	CONF_SECONDS,  /* uint32_t likewise */
	CONF_BOOL,     /* bool */
	CONF_SIZE,     /* uint64_t: bytes */
	CONF_DURATION, /* uint32_t: ms */
	CONF_IOPS,     /* uint64_t: requests a second */
	CONF_RATE,     /* uint64_t: bytes a second */
	CONF_CHOICE,   /* int: one of choices */
	CONF_LIST,     /* no field; check.c walks the values */
};

struct conf_choice {
	const char *name; /* NULL ends the list */
	int value;
};

struct conf_option {
	const char *name;
	enum conf_kind kind;
	const char *preset; /* the built-in value as a user would write it, a list's with ", "
			       between; NULL: none */
	uint64_t min, max;
	const struct conf_choice *choices;
	size_t offset;       /* of the field in the section's struct of config.h */
	const char *meaning; /* one line */
};

struct conf_section {
	const char *name;
	const char *title; /* what its title is; NULL: it has none */
	const struct conf_option *options;
	size_t noptions;
	const struct conf_section *const *sections; /* that may stand in it; NULL ends the list */
	const char *meaning;
};

extern const struct conf_section conf_root; /* the file itself */
extern const struct conf_section conf_portal_group;
extern const struct conf_section conf_auth_group;
extern const struct conf_section conf_chap;
extern const struct conf_section conf_target;
extern const struct conf_section conf_lun;

/* The option of that name in a section, or NULL. */
const struct conf_option *conf_option(const struct conf_section *s, const char *name);

/* The section that has an option or a section of that name in it; NULL: there is none. */
const struct conf_section *conf_option_home(const char *name);

/* The option or section of s whose name is nearest to a mistyped one; NULL: none is near. */
const char *conf_option_near(const struct conf_section *s, const char *name);

#endif
