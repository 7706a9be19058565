/* RFC 7143, 6.2: a text that comes in several PDUs, and how much of it is taken. */
#include "iscsi/longtext.h"

#include "unit.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of their own, so that reading beyond them is noticed. */
static uint8_t *bytes_of(const void *from, size_t n)
{
	uint8_t *p = malloc(n ? n : 1);

	if (!p)
		abort();
	if (n)
		memcpy(p, from, n);
	return p;
}

static int add(struct longtext *t, const void *from, uint32_t n)
{
	uint8_t *p = bytes_of(from, n);
	int err = longtext_add(t, p, n);

	free(p); /* what was added is kept, not borrowed */
	return err;
}

/* A pair may be cut anywhere, its zero byte and all: what comes is what was sent. */
static void cut_anywhere(void)
{
	static const char whole[] =
		"InitiatorName=iqn.2026-11.org.example:host1\0SessionType=Normal";
	struct longtext t;
	uint32_t a, b;

	for (a = 0; a <= sizeof(whole); a++) {
		for (b = a; b <= sizeof(whole); b++) {
			t = (struct longtext){ 0 };
			CU_ASSERT_EQUAL(add(&t, whole, a), 0);
			CU_ASSERT_EQUAL(add(&t, whole + a, b - a), 0);
			CU_ASSERT_EQUAL(add(&t, whole + b, (uint32_t)sizeof(whole) - b), 0);
			CU_ASSERT_EQUAL_FATAL(t.len, sizeof(whole));
			CU_ASSERT_EQUAL(memcmp(t.buf, whole, sizeof(whole)), 0);
			longtext_free(&t);
		}
	}
}

/* A PDU without text begins one all the same: buf tells that more is to come. */
static void nothing_is_a_beginning(void)
{
	struct longtext t = { 0 };
	int i;

	for (i = 0; i < 1000; i++)
		CU_ASSERT_EQUAL(longtext_add(&t, NULL, 0), 0);
	CU_ASSERT_PTR_NOT_NULL(t.buf);
	CU_ASSERT_EQUAL(t.len, 0);
	longtext_free(&t);
	CU_ASSERT_PTR_NULL(t.buf);
	longtext_free(&t); /* twice is fine */
	CU_ASSERT_EQUAL(add(&t, "A=b", 4), 0);
	CU_ASSERT_EQUAL(t.len, 4);
	longtext_free(&t);
}

/* All that may be there, and not a byte more; what was there before stays as it is. */
static void no_byte_too_many(void)
{
	static char text[LONGTEXT_MAX];
	static const uint32_t more[] = { 1, 2, 8192, LONGTEXT_MAX, UINT32_MAX };
	struct longtext t = { 0 };
	size_t i;

	for (i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 7 + i / 256);
	for (i = 0; i < LONGTEXT_MAX; i += 8192)
		CU_ASSERT_EQUAL(add(&t, text + i, 8192), 0);
	CU_ASSERT_EQUAL_FATAL(t.len, LONGTEXT_MAX);
	for (i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		CU_ASSERT_EQUAL(longtext_add(&t, (const uint8_t *)text, more[i]), -E2BIG);
	CU_ASSERT_EQUAL(longtext_add(&t, NULL, 0), 0);
	CU_ASSERT_EQUAL(t.len, LONGTEXT_MAX);
	CU_ASSERT_EQUAL(memcmp(t.buf, text, LONGTEXT_MAX), 0);
	longtext_free(&t);
}

/* A first PDU that is too long leaves nothing behind. */
static void too_much_at_once(void)
{
	static const uint8_t text[1];
	struct longtext t = { 0 };

	CU_ASSERT_EQUAL(longtext_add(&t, text, LONGTEXT_MAX + 1), -E2BIG);
	CU_ASSERT_EQUAL(longtext_add(&t, text, UINT32_MAX), -E2BIG);
	CU_ASSERT(!t.buf && !t.len);
	CU_ASSERT_EQUAL(longtext_add(&t, text, 1), 0);
	CU_ASSERT_EQUAL(longtext_add(&t, text, LONGTEXT_MAX), -E2BIG);
	CU_ASSERT_EQUAL(t.len, 1);
	longtext_free(&t);
}

static const struct unit_test tests[] = {
	{ "6.2: cut anywhere", cut_anywhere },
	{ "nothing is a beginning, too", nothing_is_a_beginning },
	{ "not a byte too many", no_byte_too_many },
	{ "too much at once", too_much_at_once },
};

UNIT_MAIN("iscsi/longtext", tests)
