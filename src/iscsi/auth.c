#include "iscsi/auth.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const key_names[AUTH_KEYS] = {
	[AUTH_METHOD] = "AuthMethod", [AUTH_A] = "CHAP_A", [AUTH_I] = "CHAP_I",
	[AUTH_C] = "CHAP_C",          [AUTH_N] = "CHAP_N", [AUTH_R] = "CHAP_R",
};

void auth_init(struct auth *a, const struct auth_group *group)
{
	memset(a, 0, sizeof(*a));
	a->group = group;
}

void auth_fini(struct auth *a)
{
	explicit_bzero(a->challenge, sizeof(a->challenge));
}

bool auth_is_done(const struct auth *a)
{
	return a->state == AUTH_DONE || (a->state == AUTH_START && a->group->kind == ACCESS_OPEN);
}

int auth_keys_take(struct auth_keys *keys, const struct text_pair *pair)
{
	size_t i;

	for (i = 0; i < AUTH_KEYS; i++) {
		if (strlen(key_names[i]) != pair->key_len ||
		    memcmp(key_names[i], pair->key, pair->key_len) != 0)
			continue;
		if (keys->value[i])
			return -EEXIST;
		keys->value[i] = pair->value;
		return 0;
	}
	return -ENOENT;
}

static enum auth_verdict fail(struct auth *a, enum auth_verdict verdict, const char *what)
{
	snprintf(a->why, sizeof(a->why), "%s", what);
	return verdict;
}

/* Is name an element of the comma separated list? */
static bool list_has(const char *list, const char *name)
{
	size_t len = strlen(name);
	size_t n;

	for (;; list += n + 1) {
		n = strcspn(list, ",");
		if (n == len && !memcmp(list, name, len))
			return true;
		if (!list[n])
			return false;
	}
}

bool auth_is_needless(const struct auth *a, const struct auth_keys *keys)
{
	return a->group->kind == ACCESS_OPEN && keys->value[AUTH_METHOD] &&
	       list_has(keys->value[AUTH_METHOD], "CHAP");
}

static enum auth_verdict choose_method(struct auth *a, const char *offered, struct text_out *out)
{
	char quoted[80];

	if (a->group->kind == ACCESS_OPEN && list_has(offered, "None")) {
		text_add(out, "AuthMethod", "None");
		a->state = AUTH_DONE;
		return AUTH_GO_ON;
	}
	if (a->group->kind == ACCESS_CHAP && list_has(offered, "CHAP")) {
		text_add(out, "AuthMethod", "CHAP");
		a->state = AUTH_ALGORITHM;
		return AUTH_GO_ON;
	}
	snprintf(a->why, sizeof(a->why), "it offers AuthMethod=%s, but %s is asked for",
		 log_quote(quoted, sizeof(quoted), offered, strlen(offered)),
		 a->group->kind == ACCESS_CHAP ? "CHAP" : "None");
	return AUTH_FAILED;
}

static enum auth_verdict choose_algorithm(struct auth *a, const char *offered, struct text_out *out)
{
	char text[2 * CHAP_CHALLENGE_LEN + 3];
	char quoted[80];

	a->algorithm = chap_choose(offered, a->group->algorithms, a->group->nalgorithms);
	if (!a->algorithm) {
		snprintf(a->why, sizeof(a->why), "none of the algorithms CHAP_A=%s is allowed here",
			 log_quote(quoted, sizeof(quoted), offered, strlen(offered)));
		return AUTH_FAILED;
	}
	if (chap_challenge(&a->id, a->challenge))
		return fail(a, AUTH_TARGET_ERROR, "no random bytes for a challenge");
	text_addf(out, "CHAP_A", "%u", a->algorithm);
	text_addf(out, "CHAP_I", "%u", a->id);
	text_add(out, "CHAP_C",
		 chap_encode(text, sizeof(text), a->challenge, sizeof(a->challenge)));
	a->state = AUTH_RESPONSE;
	return AUTH_GO_ON;
}

/* CHAP_I: a number of one byte (12.1.3). */
static bool parse_id(const char *text, uint8_t *id)
{
	unsigned int value = 0;
	const char *digits = "0123456789";
	unsigned int base = 10;
	const char *p = text;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		digits = "0123456789abcdef";
		base = 16;
		p += 2;
	}
	if (!*p)
		return false;
	for (; *p; p++) {
		const char *d = strchr(digits, *p >= 'A' && *p <= 'F' ? *p + 32 : *p);

		if (!d)
			return false;
		value = value * base + (unsigned int)(d - digits);
		if (value > 255)
			return false;
	}
	*id = (uint8_t)value;
	return true;
}

/* The initiator wants proof of us, too: CHAP_I and CHAP_C came with its response. */
static enum auth_verdict prove_ourselves(struct auth *a, const struct auth_keys *keys,
					 struct text_out *out)
{
	uint8_t response[CHAP_DIGEST_MAX];
	uint8_t theirs[CHAP_CHALLENGE_MAX];
	char text[2 * CHAP_DIGEST_MAX + 3];
	uint8_t id;
	int len;

	if (!keys->value[AUTH_I] || !keys->value[AUTH_C])
		return fail(a, AUTH_PROTOCOL_ERROR, "CHAP_I and CHAP_C must come together");
	len = chap_decode(keys->value[AUTH_C], theirs, sizeof(theirs));
	if (len <= 0 || !parse_id(keys->value[AUTH_I], &id))
		return fail(a, AUTH_FAILED, "its CHAP_I or CHAP_C is malformed");
	/* Our own challenge sent back to us would have us answer it ourselves (RFC 7143, 9.2.1). */
	if ((size_t)len == sizeof(a->challenge) &&
	    !memcmp(theirs, a->challenge, sizeof(a->challenge)))
		return fail(a, AUTH_FAILED, "it reflects our own challenge");
	if (!a->account->mutual_user[0])
		return fail(a, AUTH_FAILED,
			    "it asks for mutual CHAP, but no mutual secret is configured");
	if (chap_response(a->algorithm, id, &a->account->mutual_secret, theirs, (size_t)len,
			  response))
		return fail(a, AUTH_TARGET_ERROR, "the crypto library refused to hash");
	a->is_mutual = true;
	text_add(out, "CHAP_N", a->account->mutual_user);
	text_add(out, "CHAP_R",
		 chap_encode(text, sizeof(text), response, chap_digest_len(a->algorithm)));
	return AUTH_GO_ON;
}

static enum auth_verdict check_response(struct auth *a, const struct auth_keys *keys,
					struct text_out *out)
{
	uint8_t response[CHAP_DIGEST_MAX];
	const struct access_chap *account = access_find(a->group, keys->value[AUTH_N]);
	char quoted[ACCESS_USER_MAX];
	int len = chap_decode(keys->value[AUTH_R], response, sizeof(response));
	const struct access_chap *tried;
	bool proven;

	/* An unknown user takes as long as a wrong secret, and gets the same answer: the hash is
	 * made with the secret of another, and counts for nothing. */
	tried = account ? account : STAILQ_FIRST(&a->group->accounts);
	proven = chap_proves(a->algorithm, a->id, tried ? &tried->secret : NULL, a->challenge,
			     sizeof(a->challenge), response, len > 0 ? (size_t)len : 0);
	snprintf(a->user, sizeof(a->user), "%s", keys->value[AUTH_N]);
	if (!proven || !account) {
		snprintf(a->why, sizeof(a->why), "CHAP response of user %s does not match",
			 log_quote(quoted, sizeof(quoted), keys->value[AUTH_N],
				   strlen(keys->value[AUTH_N])));
		return AUTH_FAILED;
	}
	a->account = account;
	a->state = AUTH_DONE;
	if (keys->value[AUTH_I] || keys->value[AUTH_C])
		return prove_ourselves(a, keys, out);
	return AUTH_GO_ON;
}

static bool has_any(const struct auth_keys *keys)
{
	size_t i;

	for (i = 0; i < AUTH_KEYS; i++) {
		if (keys->value[i])
			return true;
	}
	return false;
}

enum auth_verdict auth_step(struct auth *a, const struct auth_keys *keys, struct text_out *out)
{
	enum auth_verdict verdict;

	if (!has_any(keys))
		return AUTH_GO_ON;
	switch (a->state) {
	case AUTH_START:
		if (!keys->value[AUTH_METHOD])
			break;
		verdict = choose_method(a, keys->value[AUTH_METHOD], out);
		if (verdict != AUTH_GO_ON || a->state != AUTH_ALGORITHM || !keys->value[AUTH_A])
			return verdict;
		return choose_algorithm(a, keys->value[AUTH_A], out);
	case AUTH_ALGORITHM:
		if (!keys->value[AUTH_A] || keys->value[AUTH_METHOD])
			break;
		return choose_algorithm(a, keys->value[AUTH_A], out);
	case AUTH_RESPONSE:
		if (!keys->value[AUTH_N] || !keys->value[AUTH_R] || keys->value[AUTH_METHOD] ||
		    keys->value[AUTH_A])
			break;
		return check_response(a, keys, out);
	case AUTH_DONE: break;
	}
	return fail(a, AUTH_PROTOCOL_ERROR, "its security keys are out of order");
}
