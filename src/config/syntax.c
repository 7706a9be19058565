#include "config/syntax.h"

#include <stdio.h>
#include <string.h>

#define STRAY "unexpected token '%s'"

/* Theirs with a name in it; the name, quoted, then stands in front of ours. */
static const struct {
	const char *theirs, *ours;
} named[] = {
	{ "missing equal sign after option '%s'", "has no = and no value behind it" },
	{ "missing title for section '%s'", "has no title behind it (write NAME \"TITLE\" { })" },
	{ "missing opening brace for section '%s'", "has no { behind its title" },
	{ "missing parenthesis for function '%s'",
	  "has no parentheses behind it (write include(\"/etc/itgtd.d/lab.conf\"))" },
	{ "syntax error in call of function '%s'",
	  "has something else between its parentheses (write include(\"/etc/itgtd.d/lab.conf\"))" },
	{ "bad escape sequence '%s'", "is no escape sequence (write \\\\ for one backslash)" },
	{ "invalid octal number '%s'", "is no character's number (write \\000 to \\377)" },
};

static const struct {
	const char *theirs, *ours;
} plain[] = {
	{ "premature end of file", "the file ends here, and a value or a } should come" },
	{ "unexpected closing brace", "there is no { to this }" },
	{ "unterminated string constant", "the text in quotes that begins here never ends" },
};

bool conf_syntax_is_stray(const char *fmt)
{
	return strcmp(fmt, STRAY) == 0;
}

/* Punctuation comes too early; a word can only be one too many in a list. */
static const char *why_stray(const char *token)
{
	if (strcmp(token, ",") == 0)
		return "is not expected here (a list is written NAME = { VALUE, VALUE })";
	return strlen(token) == 1 && strchr("={}()+,*", *token)
		       ? "is not expected here (a name or a value is missing before it)"
		       : "is not expected here (a comma or a } is missing before it)";
}

void conf_syntax_fault(struct conf_faults *f, struct conf_where where, const struct conf_node *node,
		       const char *fmt, va_list ap)
{
	char quoted[CONF_QUOTED_MAX], text[256];
	const char *name;
	size_t i;

	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (strcmp(plain[i].theirs, fmt) == 0) {
			conf_fault(f, where, node, NULL, "%s", plain[i].ours);
			return;
		}
	}
	for (i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (strcmp(named[i].theirs, fmt) == 0) {
			name = va_arg(ap, const char *);
			conf_fault(f, where, node, NULL, "%s %s", conf_quote(quoted, name),
				   named[i].ours);
			return;
		}
	}
	if (conf_syntax_is_stray(fmt)) {
		name = va_arg(ap, const char *);
		conf_fault(f, where, node, NULL, "%s %s", conf_quote(quoted, name),
			   why_stray(name));
		return;
	}
	/* None of those that it has today. It puts texts of the file in as they are. */
	vsnprintf(text, sizeof(text), fmt, ap);
	conf_fault(f, where, node, NULL, "cannot be read: %s", conf_quote(quoted, text));
}
