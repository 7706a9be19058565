#include "itgtctl/line.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 64 /* bytes of a method's name */
#define WATCH_MIN    0.1
#define WATCH_MAX    300. /* s: the daemon closes a socket that says nothing for longer */

const struct method line_commands[] = {
	{ .name = "top", .help = "show LUNs and sessions at work, live in the terminal" },
};
const size_t line_ncommands = sizeof(line_commands) / sizeof(line_commands[0]);

const struct line_switch line_switches[] = {
	{ "socket", 's', "SOCKET", "the daemon's control socket" },
	{ "json", 0, NULL, "print the result as JSON, as the daemon gives it" },
	{ "watch", 0, "SECONDS", "with a command that only looks: repeat it so often" },
	{ "help", 'h', NULL, "say how to use the command, or which there are" },
	{ "version", 0, NULL, "say the version" },
	{ "complete", 0, "TEXT", NULL }, /* of the shell's completion */
};
const size_t line_nswitches = sizeof(line_switches) / sizeof(line_switches[0]);

static void __attribute__((format(printf, 2, 3))) wrong(struct line *l, const char *fmt, ...)
{
	va_list ap;

	if (l->verdict == LINE_WRONG)
		return; /* the first fault counts */
	l->verdict = LINE_WRONG;
	va_start(ap, fmt);
	vsnprintf(l->why, sizeof(l->why), fmt, ap);
	va_end(ap);
}

static const char *quote(struct line *l, const char *word)
{
	return log_quote(l->quoted, sizeof(l->quoted), word, strlen(word));
}

/* ---- words ---- */

char *line_words(char *dst, size_t size, const struct method *m)
{
	char *dot;

	snprintf(dst, size, "%s", m->name);
	for (dot = strchr(dst, '.'); dot; dot = strchr(dot, '.'))
		*dot = ' ';
	return dst;
}

char *line_usage(char *dst, size_t size, const struct method *m)
{
	size_t i, len, n = method_nparams(m);

	line_words(dst, size, m);
	for (i = 0; i < n; i++) {
		const struct method_param *p = &m->params[i];

		len = strlen(dst);
		if (p->kind == METHOD_SWITCH)
			snprintf(dst + len, size - len, " [--%s]", p->name);
		else if (p->kind == METHOD_PAIRS)
			snprintf(dst + len, size - len, p->optional ? " [%s ...]" : " %s ...",
				 p->word);
		else
			snprintf(dst + len, size - len, p->optional ? " [%s]" : " %s", p->word);
	}
	return dst;
}

const struct method *line_command(const char *name)
{
	size_t i;

	for (i = 0; i < line_ncommands; i++) {
		if (strcmp(line_commands[i].name, name) == 0)
			return &line_commands[i];
	}
	return method_find(name);
}

/* Is there a method "noun.…"? */
static bool is_noun(const char *noun)
{
	size_t i, len = strlen(noun);

	for (i = 0; i < nmethods; i++) {
		if (!strncmp(methods[i].name, noun, len) && methods[i].name[len] == '.')
			return true;
	}
	return false;
}

/* The commands of a noun: "add, list, remove". */
static char *verbs(char dst[static LINE_WHY_MAX / 2], const char *noun)
{
	size_t i, len = strlen(noun), used = 0;

	*dst = '\0';
	for (i = 0; i < nmethods && used < LINE_WHY_MAX / 2; i++) {
		const char *name = methods[i].name;

		if (!strncmp(name, noun, len) && name[len] == '.')
			used += (size_t)snprintf(dst + used, LINE_WHY_MAX / 2 - used, "%s%s",
						 used ? ", " : "", name + len + 1);
	}
	return dst;
}

/* Two words, or one, name the command. Returns how many do; 0: none. */
static int take_command(struct line *l, char **words, int n)
{
	char name[NAME_MAX_LEN], list[LINE_WHY_MAX / 2];

	if (n >= 2) {
		snprintf(name, sizeof(name), "%s.%s", words[0], words[1]);
		l->method = line_command(name);
		if (l->method)
			return 2;
	}
	l->method = strchr(words[0], '.') ? NULL : line_command(words[0]);
	if (l->method)
		return 1;
	if (l->verdict == LINE_HELP && n == 1 && is_noun(words[0])) {
		l->noun = words[0];
		return 0;
	}
	if (n >= 2 && is_noun(words[0]))
		wrong(l, "%s has no command %s (it has: %s)", words[0], quote(l, words[1]),
		      verbs(list, words[0]));
	else if (is_noun(words[0]))
		wrong(l, "%s is not a whole command (write one of these behind it: %s)",
		      quote(l, words[0]), verbs(list, words[0]));
	else
		wrong(l, "there is no command %s", quote(l, words[0]));
	return 0;
}

/* ---- parameters ---- */

static void set(struct line *l, const struct method_param *p, json_t *value)
{
	if (!value || json_object_set_new(l->params, p->name, value))
		wrong(l, "%s is not UTF-8 text", p->word ? p->word : p->name);
}

static void take_number(struct line *l, const struct method_param *p, const char *word)
{
	size_t digits = strspn(word, "0123456789");
	unsigned long long n =
		digits && !word[digits] && digits <= 10 ? strtoull(word, NULL, 10) : UINT64_MAX;

	if (n < p->min || n > p->max)
		wrong(l, "%s must be a number from %" PRIu32 " to %" PRIu32 ", not %s", p->word,
		      p->min, p->max, quote(l, word));
	else
		set(l, p, json_integer((json_int_t)n));
}

static void take_choice(struct line *l, const struct method_param *p, const char *word)
{
	char list[LINE_WHY_MAX / 2] = "";
	size_t i, len;

	for (i = 0; i < METHOD_CHOICES_MAX && p->choices[i]; i++) {
		if (strcmp(p->choices[i], word) == 0) {
			set(l, p, json_string(word));
			return;
		}
		len = strlen(list);
		snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "", p->choices[i]);
	}
	wrong(l, "%s must be one of %s, not %s", p->word, list, quote(l, word));
}

static void take_pair(struct line *l, const struct method_param *p, const char *word)
{
	const char *equals = strchr(word, '=');
	json_t *pairs = json_object_get(l->params, p->name);
	char *name;

	if (!equals || equals == word) {
		wrong(l, "%s is not NAME=VALUE", quote(l, word));
		return;
	}
	if (!pairs) {
		pairs = json_object();
		json_object_set_new(l->params, p->name, pairs);
	}
	name = strndup(word, (size_t)(equals - word));
	if (name && json_object_get(pairs, name))
		wrong(l, "%s is given twice", quote(l, name));
	else if (!name || json_object_set_new(pairs, name, json_string(equals + 1)))
		wrong(l, "%s is not UTF-8 text", quote(l, word));
	free(name);
}

static void take_value(struct line *l, const struct method_param *p, const char *word)
{
	switch (p->kind) {
	case METHOD_NUMBER: take_number(l, p, word); break;
	case METHOD_CHOICE: take_choice(l, p, word); break;
	case METHOD_PAIRS: take_pair(l, p, word); break;
	default: set(l, p, json_string(word)); break;
	}
}

const struct method_param *line_positional(const struct method *m, size_t i)
{
	size_t k, n = method_nparams(m);

	for (k = 0; k < n; k++) {
		if (m->params[k].kind == METHOD_SWITCH)
			continue;
		if (i-- == 0 || m->params[k].kind == METHOD_PAIRS)
			return &m->params[k];
	}
	return NULL;
}

static void take_params(struct line *l, char **words, int n)
{
	const struct method_param *p;
	size_t i;
	int k;

	for (k = 0; k < n && l->verdict != LINE_WRONG; k++) {
		p = line_positional(l->method, (size_t)k);
		if (p)
			take_value(l, p, words[k]);
		else
			wrong(l, "%s is one word too many", quote(l, words[k]));
	}
	for (i = 0; i < method_nparams(l->method); i++) {
		p = &l->method->params[i];
		if (p->kind != METHOD_SWITCH && !p->optional &&
		    !json_object_get(l->params, p->name))
			wrong(l, "%s is missing: %s", p->word, p->help);
	}
}

/* ---- switches ---- */

static void take_watch(struct line *l, const char *word)
{
	char *end;

	l->watch_s = strtod(word, &end);
	if (!*word || *end || !(l->watch_s >= WATCH_MIN && l->watch_s <= WATCH_MAX))
		wrong(l, "--watch takes seconds from %g to %g, not %s", WATCH_MIN, WATCH_MAX,
		      quote(l, word));
}

/* word: what stands behind the switch, NULL where it takes none. */
static void take_own_switch(struct line *l, const struct line_switch *s, const char *word)
{
	if (!strcmp(s->name, "socket")) {
		l->socket = word;
	} else if (!strcmp(s->name, "json")) {
		l->json = true;
	} else if (word && !strcmp(s->name, "watch")) {
		take_watch(l, word);
	} else if (!strcmp(s->name, "help")) {
		l->verdict = LINE_HELP;
	} else if (!strcmp(s->name, "version")) {
		l->verdict = LINE_VERSION;
	} else {
		l->verdict = LINE_COMPLETE;
		l->text = word;
	}
}

static const struct line_switch *own_switch(const char *word)
{
	size_t i;

	for (i = 0; i < line_nswitches; i++) {
		const struct line_switch *s = &line_switches[i];

		if (!strncmp(word, "--", 2) && !strcmp(word + 2, s->name))
			return s;
		if (s->letter && word[1] == s->letter && !word[2])
			return s;
	}
	return NULL;
}

/* The command line taken apart; both lists are owned, what they have is borrowed. */
struct parts {
	char **words;
	int nwords;
	char **switches; /* the command's */
	int nswitches;
};

static void take_switches(struct line *l, struct parts *p, int argc, char **argv)
{
	bool rest = false; /* behind "--" everything is a word */
	int i;

	for (i = 0; i < argc && l->verdict != LINE_WRONG; i++) {
		bool is_switch = !rest && argv[i][0] == '-' && argv[i][1];
		const struct line_switch *s = is_switch ? own_switch(argv[i]) : NULL;

		if (is_switch && !strcmp(argv[i], "--"))
			rest = true;
		else if (s && s->word && i + 1 == argc)
			wrong(l, "%s needs an argument: %s", argv[i], s->word);
		else if (s)
			take_own_switch(l, s, s->word ? argv[++i] : NULL);
		else if (is_switch)
			p->switches[p->nswitches++] = argv[i];
		else
			p->words[p->nwords++] = argv[i];
	}
}

/* The command's switches, now that it is known. */
static void set_switches(struct line *l, const struct parts *p)
{
	const struct method *m = l->method;
	int i;
	size_t k;

	for (i = 0; i < p->nswitches; i++) {
		const struct method_param *found = NULL;

		for (k = 0; m && k < method_nparams(m); k++) {
			if (m->params[k].kind == METHOD_SWITCH &&
			    !strncmp(p->switches[i], "--", 2) &&
			    !strcmp(m->params[k].name, p->switches[i] + 2))
				found = &m->params[k];
		}
		if (found)
			set(l, found, json_true());
		else
			wrong(l, "there is no switch %s here", quote(l, p->switches[i]));
	}
}

static void take_words(struct line *l, struct parts *p)
{
	int used;

	if (p->nwords && !strcmp(p->words[0], "help")) { /* as --help */
		l->verdict = LINE_HELP;
		p->nwords--;
		memmove(p->words, p->words + 1, (size_t)p->nwords * sizeof(p->words[0]));
	}
	if (!p->nwords && l->verdict == LINE_CALL)
		wrong(l, "which command?");
	if (!p->nwords)
		return;
	used = take_command(l, p->words, p->nwords);
	set_switches(l, p);
	if (!l->method || l->verdict != LINE_CALL)
		return;
	take_params(l, p->words + used, p->nwords - used);
	if (l->watch_s > 0 && l->method->changes)
		wrong(l, "--watch goes with commands that only look");
	if (l->verdict != LINE_CALL || method_find(l->method->name))
		return;
	l->verdict = LINE_TOP;
	if (l->json)
		wrong(l, "top is for terminals: see stats and session list for --json");
}

void line_parse(struct line *l, int argc, char **argv)
{
	struct parts p = {
		.words = calloc((size_t)argc + 1, sizeof(char *)),
		.switches = calloc((size_t)argc + 1, sizeof(char *)),
	};

	*l = (struct line){ .verdict = LINE_CALL, .params = json_object() };
	if (p.words && p.switches && l->params)
		take_switches(l, &p, argc, argv);
	else
		wrong(l, "no memory");
	if (l->verdict == LINE_CALL || l->verdict == LINE_HELP)
		take_words(l, &p);
	free(p.words);
	free(p.switches);
}

void line_fini(struct line *l)
{
	json_decref(l->params);
	l->params = NULL;
}
