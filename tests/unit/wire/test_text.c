#include "unit.h"
#include "wire/text.h"

#include <stdlib.h>
#include <string.h>

#define X21 "xxxxxxxxxxxxxxxxxxxxx"
#define X63 X21 X21 X21

/* text and its length by itself: strings have zero bytes inside, and the last is not counted */
#define TEXT(s) s, sizeof(s) - 1

static const struct {
	const char *what;
	const char *text;
	size_t len;
	const char *pairs; /* as they come, each with a ';' */
	enum text_next end;
} rows[] = {
	{ "nothing", TEXT(""), "", TEXT_END },
	{ "one pair", TEXT("HeaderDigest=None\0"), "HeaderDigest=None;", TEXT_END },
	{ "two pairs", TEXT("A=1\0B=2\0"), "A=1;B=2;", TEXT_END },
	{ "padding", TEXT("A=1\0\0\0"), "A=1;", TEXT_END },
	{ "only padding", TEXT("\0\0\0\0"), "", TEXT_END },
	{ "zeroes between", TEXT("\0A=1\0\0\0B=2\0"), "A=1;B=2;", TEXT_END },
	{ "an empty value", TEXT("A=\0"), "A=;", TEXT_END },
	{ "a value with =", TEXT("A=b=c\0"), "A=b=c;", TEXT_END },
	{ "a value with any byte", TEXT("A=\x01\xff\n;\0"), "A=\x01\xff\n;;", TEXT_END },
	{ "all that a key may have", TEXT("X-org.Example_9-a+b@c=1\0"), "X-org.Example_9-a+b@c=1;",
	  TEXT_END },
	{ "a public extension key", TEXT("X#NodeArchitecture=x\0"), "X#NodeArchitecture=x;",
	  TEXT_END },
	{ "the longest key", TEXT(X63 "=1\0"), X63 "=1;", TEXT_END },
	{ "too long a key", TEXT(X63 "x=1\0"), "", TEXT_BAD },
	{ "no key", TEXT("=1\0"), "", TEXT_BAD },
	{ "no =", TEXT("HeaderDigest\0"), "", TEXT_BAD },
	{ "no =, but one in the next", TEXT("A\0B=1\0"), "", TEXT_BAD },
	{ "a blank in the key", TEXT("A B=1\0"), "", TEXT_BAD },
	{ "a blank before the =", TEXT("A =1\0"), "", TEXT_BAD },
	{ "a line end in the key", TEXT("A\n=1\0"), "", TEXT_BAD },
	{ "a byte over 127 in the key", TEXT("\xc3\x84=1\0"), "", TEXT_BAD },
	{ "other punctuation in the key", TEXT("A:B=1\0"), "", TEXT_BAD },
	{ "no zero byte", TEXT("A=1"), "", TEXT_BAD },
	{ "the second without its zero byte", TEXT("A=1\0B=2"), "A=1;", TEXT_BAD },
	{ "the second is faulty", TEXT("A=1\0B\0C=3\0"), "A=1;", TEXT_BAD },
};

/* All pairs of text into out, each with a ';'. The text stands at the end of its memory. */
static enum text_next collect(const char *text, size_t len, char *out)
{
	char *copy = malloc(len);
	struct text_pair pair;
	enum text_next next;
	size_t pos = 0, n = 0;

	if (len > 0)
		memcpy(copy, text, len);
	while ((next = text_next(copy, len, &pos, &pair)) == TEXT_PAIR) {
		CU_ASSERT_EQUAL(pair.value[pair.value_len], '\0');
		memcpy(out + n, pair.key, pair.key_len);
		n += pair.key_len;
		out[n++] = '=';
		memcpy(out + n, pair.value, pair.value_len);
		n += pair.value_len;
		out[n++] = ';';
	}
	out[n] = '\0';
	CU_ASSERT_EQUAL(text_next(copy, len, &pos, &pair), next); /* there it stays */
	free(copy);
	return next;
}

static void pairs_are_split(void)
{
	char out[200];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(collect(rows[i].text, rows[i].len, out), rows[i].end);
		CU_ASSERT_STRING_EQUAL(out, rows[i].pairs);
	}
}

static void longest_value(void)
{
	char text[TEXT_VALUE_MAX + 4], out[TEXT_VALUE_MAX + 8];

	memset(text, 'x', sizeof(text));
	memcpy(text, "A=", 2);
	text[2 + TEXT_VALUE_MAX] = '\0';
	CU_ASSERT_EQUAL(collect(text, 2 + TEXT_VALUE_MAX + 1, out), TEXT_END);
	CU_ASSERT_EQUAL(strlen(out), 2 + TEXT_VALUE_MAX + 1);
	text[2 + TEXT_VALUE_MAX] = 'x';
	text[2 + TEXT_VALUE_MAX + 1] = '\0';
	CU_ASSERT_EQUAL(collect(text, sizeof(text), out), TEXT_BAD);
}

/* Every single byte: which may stand in a key? */
static void bytes_of_a_key(void)
{
	static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				   ".-+@_#";
	char text[] = "K?=1";
	struct text_pair pair;
	enum text_next want;
	unsigned int c;
	size_t pos;

	for (c = 1; c < 256; c++) {
		text[1] = (char)c;
		pos = 0;
		want = strchr(good, (int)c) || c == '=' ? TEXT_PAIR : TEXT_BAD;
		CU_ASSERT_EQUAL(text_next(text, sizeof(text), &pos, &pair), want);
	}
}

static void pairs_are_added(void)
{
	char buf[32];
	struct text_out o = { .buf = buf, .size = sizeof(buf) };

	text_add(&o, "ImmediateData", "Yes");
	text_addf(&o, "MaxBurst", "%u", 512u);
	CU_ASSERT_EQUAL(o.len, 31);
	CU_ASSERT_FALSE(o.full);
	CU_ASSERT_EQUAL(memcmp(buf, "ImmediateData=Yes\0MaxBurst=512", 31), 0);
}

static void never_beyond_the_end(void)
{
	static const char want[] = "AB=1234"; /* 8 bytes with the zero */
	char buf[9], out[16];
	struct text_out o;
	size_t size;

	for (size = 0; size < sizeof(buf); size++) {
		memset(buf, '~', sizeof(buf));
		o = (struct text_out){ .buf = buf, .size = size };
		text_addf(&o, "AB", "%s", "1234");
		CU_ASSERT_EQUAL(o.full, size < sizeof(want));
		CU_ASSERT_EQUAL(o.len, size < sizeof(want) ? 0 : sizeof(want));
		CU_ASSERT_EQUAL(buf[size], '~');
		CU_ASSERT_EQUAL(collect(buf, o.len, out), TEXT_END);
	}
}

/* What came before stays whole; what is left out is not filled up with later, shorter pairs. */
static void full_stays_full(void)
{
	char buf[10];
	struct text_out o = { .buf = buf, .size = sizeof(buf) };

	text_add(&o, "A", "1");
	text_add(&o, "LongOne", "1");
	CU_ASSERT_TRUE(o.full);
	text_add(&o, "B", "2");
	CU_ASSERT_EQUAL(o.len, 4);
	CU_ASSERT_EQUAL(memcmp(buf, "A=1", 4), 0);
}

static const struct unit_test tests[] = {
	{ "pairs are split, and faults are seen", pairs_are_split },
	{ "a value has a longest length", longest_value },
	{ "a key has letters, digits and a few signs", bytes_of_a_key },
	{ "pairs are added with their zero bytes", pairs_are_added },
	{ "nothing is written beyond the end", never_beyond_the_end },
	{ "after a pair that was left out nothing is added", full_stays_full },
};

UNIT_MAIN("wire/text", tests)
