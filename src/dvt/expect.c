#include "dvt/expect.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One key of one round. */
struct answer {
	const struct space_key *key;
	struct expect_key *known;
	const char *offer;
	const char *value; /* NULL: not answered */
	struct ini_param *param;
	const struct ini_text *heard;
	char *why;
};

void expect_init(struct expect *e)
{
	int key;

	memset(e, 0, sizeof(*e));
	for (key = 0; key < SPACE_KEYS; key++)
		e->keys[key].at_most = UINT32_MAX;
}

static bool wrong(const struct answer *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static bool wrong(const struct answer *a, const char *fmt, ...)
{
	va_list args;
	int n;

	n = snprintf(a->why, EXPECT_WHY_MAX, "%s=%s was answered %s: ", a->key->name, a->offer,
		     a->value ? a->value : "with nothing");
	va_start(args, fmt);
	if (n > 0 && n < EXPECT_WHY_MAX)
		(void)vsnprintf(a->why + n, (size_t)(EXPECT_WHY_MAX - n), fmt, args);
	va_end(args);
	return false;
}

static bool number(const char *text, uint32_t *out)
{
	char *end;
	unsigned long n = strtoul(text, &end, 0);

	if (end == text || *end || *text == '-' || *text == '+' || n > UINT32_MAX)
		return false;
	*out = (uint32_t)n;
	return true;
}

/* ---- numbers ---- */

/* The outcome is the offer: the target's own value is no further than that way. */
static bool learn_offer(const struct answer *a, uint32_t offer)
{
	struct expect_key *k = a->known;

	if (a->key->rule == SPACE_MIN && offer > k->at_least)
		k->at_least = offer;
	if (a->key->rule == SPACE_MAX && offer < k->at_most)
		k->at_most = offer;
	if (k->is_known && (k->value < k->at_least || k->value > k->at_most))
		return wrong(a, "it took %u before", k->value);
	return true;
}

/* The outcome is not the offer: it is the target's own value. */
static bool learn_own(const struct answer *a, uint32_t own)
{
	struct expect_key *k = a->known;

	if (k->is_known && own != k->value)
		return wrong(a, "it took %u before", k->value);
	if (own < k->at_least || own > k->at_most)
		return wrong(a, "it took %u before", own < k->at_least ? k->at_least : k->at_most);
	k->is_known = true;
	k->value = own;
	return true;
}

static bool check_number(const struct answer *a)
{
	bool is_first = strcmp(a->key->name, "FirstBurstLength") == 0;
	uint32_t offer, got;

	if (!number(a->offer, &offer))
		return wrong(a, "the offer is no number");
	if (!number(a->value, &got))
		return wrong(a, "that is no number");
	if (got < a->key->least || got > a->key->most)
		return wrong(a, "it may be from %u to %u", a->key->least, a->key->most);
	if (a->key->rule == SPACE_MIN ? got > offer : got < offer)
		return wrong(a, "the result is the %s of both",
			     a->key->rule == SPACE_MIN ? "lesser" : "greater");
	/* 13.14: what MaxBurstLength leaves is no value of the target's own. */
	if (is_first && got > a->param->MaxBurstLength)
		return wrong(a, "MaxBurstLength is %u", a->param->MaxBurstLength);
	if (is_first && got == a->param->MaxBurstLength)
		return true;
	return got == offer ? learn_offer(a, offer) : learn_own(a, got);
}

/* ---- booleans ---- */

static bool check_boolean(const struct answer *a)
{
	const char *strong = a->key->rule == SPACE_OR ? "Yes" : "No"; /* decides alone */
	bool got = strcmp(a->value, "Yes") == 0;

	if (!got && strcmp(a->value, "No") != 0)
		return wrong(a, "it may be Yes or No");
	if (strcmp(a->offer, strong) == 0)
		return strcmp(a->value, strong) == 0 || wrong(a, "%s decides", strong);
	if (a->known->is_known && a->known->value != got)
		return wrong(a, "the same offer was answered %s before", got ? "No" : "Yes");
	a->known->is_known = true;
	a->known->value = got;
	return true;
}

/* ---- lists ---- */

#define TAKES_NONE   0x1u
#define TAKES_CRC32C 0x2u

/* The words of the offer before the answer are refused by the target, the answer is taken. */
static bool check_list(const struct answer *a)
{
	uint32_t *refuses = &a->known->at_least, *takes = &a->known->value;
	const char *word = a->offer;
	uint32_t bit = 0;
	size_t len;

	for (; *word; word += len + (word[len] == ',')) {
		len = strcspn(word, ",");
		bit = *word == 'N' ? TAKES_NONE : TAKES_CRC32C;
		if (strlen(a->value) == len && memcmp(word, a->value, len) == 0)
			break;
		*refuses |= bit;
	}
	if (!*word)
		return wrong(a, "that was not offered");
	*takes |= bit;
	if (*takes & *refuses)
		return wrong(
			a,
			"it is to take the first that it can; what it took before it passes over");
	return true;
}

/* ---- any ---- */

/* 6.2: an answer may be left out where the offer alone decides; then it is the outcome. */
static bool check_missing(const struct answer *a)
{
	bool decides = (a->key->rule == SPACE_OR && strcmp(a->offer, "Yes") == 0) ||
		       (a->key->rule == SPACE_AND && strcmp(a->offer, "No") == 0);

	if (a->key->rule == SPACE_DECLARE)
		return true;
	if (!decides)
		return wrong(a, "an answer is due");
	ini_param_set(a->param, a->key->name, a->offer);
	return true;
}

/* 13.14: without immediate and unsolicited data there is no first burst. */
static bool may_be_irrelevant(const struct answer *a)
{
	return strcmp(a->key->name, "FirstBurstLength") == 0 && a->param->InitialR2T &&
	       !a->param->ImmediateData;
}

static bool check_declared(const struct answer *a)
{
	uint32_t got;

	if (!number(a->value, &got) || got < a->key->least || got > a->key->most)
		return wrong(a, "a length from %u to %u may be declared", a->key->least,
			     a->key->most);
	return true;
}

static bool check(const struct answer *a)
{
	if (!a->value)
		return check_missing(a);
	if (ini_text_count(a->heard, a->key->name) > 1)
		return wrong(a, "and again");
	if (strcmp(a->value, "Irrelevant") == 0 && may_be_irrelevant(a))
		return true;
	if (strcmp(a->value, "Reject") == 0 || strcmp(a->value, "NotUnderstood") == 0 ||
	    strcmp(a->value, "Irrelevant") == 0)
		return wrong(a, "the offer is legal, and the key is RFC 7143's");
	switch (a->key->rule) {
	case SPACE_MIN:
	case SPACE_MAX: return check_number(a);
	case SPACE_OR:
	case SPACE_AND: return check_boolean(a);
	case SPACE_LIST: return check_list(a);
	case SPACE_DECLARE: return check_declared(a);
	case SPACE_AUTH: break;
	}
	return true;
}

/* An offer that a target makes itself of a key that was offered is an answer; others are let be. */
bool expect_outcome(struct expect *e, const struct round *r, const struct ini_text *heard,
		    struct ini_param *param, char why[static EXPECT_WHY_MAX])
{
	int key;

	for (key = 0; key < SPACE_KEYS; key++) {
		struct answer a = {
			.key = &space_keys[key],
			.known = &e->keys[key],
			.offer = r->value[key],
			.value = ini_text_get(heard, space_keys[key].name, 0),
			.param = param,
			.heard = heard,
		};

		a.why = why;
		if (*a.offer && a.key->rule != SPACE_AUTH && !check(&a))
			return false;
	}
	return true;
}
