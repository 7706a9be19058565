#include "scsi/tid.h"

#include "base/bytes.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

#define NAME "iqn.2026-11.org.example:a"
#define PORT NAME ",i,0x00023d000001"

/* SPC-5, 7.6.4.6: 45h, two bytes of length, the name, zeros to a multiple of four. */
static void a_port_is_written_out(void)
{
	struct tid t;

	CU_ASSERT_EQUAL_FATAL(tid_make(&t, PORT), 0);
	CU_ASSERT_EQUAL(t.bytes[0], 0x45);
	CU_ASSERT_EQUAL(t.len, 4 + 44); /* 42 letters, a zero, one more to pad */
	CU_ASSERT_EQUAL(be16(t.bytes + 2), 44);
	CU_ASSERT_STRING_EQUAL((const char *)t.bytes + 4, PORT);
	CU_ASSERT_FALSE(tid_is_device(&t));
}

static void the_shortest_has_24_bytes_and_the_longest_fits(void)
{
	char name[TID_MAX + 1];
	struct tid t;

	CU_ASSERT_EQUAL(tid_make(&t, "a,i,0x1"), 0);
	CU_ASSERT_EQUAL(t.len, TID_MIN); /* "a,i,0x000000000001" and two zeros */
	memset(name, 'a', sizeof(name));
	memcpy(name + 223, ",i,0x1", 7);
	CU_ASSERT_EQUAL(tid_make(&t, name), 0);
	CU_ASSERT_EQUAL(t.len, TID_MAX);
	memset(name, 'a', sizeof(name));
	memcpy(name + 227, ",i,0x1", 7);
	CU_ASSERT_EQUAL(tid_make(&t, name), -EINVAL);
}

/* The same port spelled in capitals and with more padding is the same port. */
static void there_is_one_spelling(void)
{
	uint8_t p[96] = { 0x45 };
	struct tid a, b;
	size_t used;

	strcpy((char *)p + 4, "IQN.2026-11.ORG.EXAMPLE:A,i,0x00023D000001");
	put_be16(p + 2, sizeof(p) - 4);
	CU_ASSERT_EQUAL(tid_get(&b, p, sizeof(p), &used), TID_OK);
	CU_ASSERT_EQUAL(used, sizeof(p));
	tid_make(&a, PORT);
	CU_ASSERT(tid_same(&a, &b));
	tid_make(&a, NAME ",i,0x00023d000002");
	CU_ASSERT_FALSE(tid_same(&a, &b));
}

/* An ISID is a number: RFC 7143 has 48 bits for it, in as many digits as somebody likes. */
static void an_isid_is_its_value(void)
{
	static const char *const spellings[] = {
		NAME ",i,0x23d000001",
		NAME ",i,0x00023D000001",
		"IQN.2026-11.org.example:a,i,0x000000000000000000023d000001",
	};
	struct tid port;
	size_t i;

	tid_make(&port, PORT);
	for (i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		uint8_t p[96] = { 0x45, [3] = sizeof(p) - 4 };
		struct tid made, got;
		size_t used;

		memcpy(p + 4, spellings[i], strlen(spellings[i]));
		CU_ASSERT_EQUAL(tid_get(&got, p, sizeof(p), &used), TID_OK);
		CU_ASSERT(tid_same(&got, &port));
		CU_ASSERT_STRING_EQUAL((const char *)got.bytes + 4, PORT);
		CU_ASSERT_EQUAL(tid_make(&made, spellings[i]), 0);
		CU_ASSERT(tid_same(&made, &port));
	}
}

static void a_device_stands_for_its_ports(void)
{
	uint8_t p[32] = { 0x05, [3] = 28 };
	struct tid device, port;
	size_t used;

	strcpy((char *)p + 4, NAME);
	CU_ASSERT_EQUAL(tid_get(&device, p, sizeof(p), &used), TID_OK);
	CU_ASSERT(tid_is_device(&device));
	tid_make(&port, PORT);
	CU_ASSERT(tid_has_port(&device, &port));
	tid_make(&port, NAME "b,i,0x00023d000001");
	CU_ASSERT_FALSE(tid_has_port(&device, &port));
}

#define TEXT(s) (const uint8_t *)(s), sizeof(s) - 1

static const struct {
	const char *what;
	const uint8_t *bytes;
	size_t len;
	enum tid_fault fault;
} odd[] = {
	{ "nothing", TEXT(""), TID_CUT },
	{ "a header alone", TEXT("\x45\0\0\x14"), TID_CUT },
	{ "another protocol",
	  TEXT("\x00\0\0\x14"
	       "a,i,0x1\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	  TID_BAD },
	{ "a reserved bit",
	  TEXT("\x55\0\0\x14"
	       "a,i,0x1\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	  TID_BAD },
	{ "an odd length",
	  TEXT("\x45\0\0\x15"
	       "a,i,0x1\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	  TID_BAD },
	{ "too short a length",
	  TEXT("\x45\0\0\x10"
	       "a,i,0x1\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	  TID_BAD },
	{ "a length past the end",
	  TEXT("\x45\0\0\x18"
	       "a,i,0x1\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	  TID_CUT },
	{ "a length of nearly 64 KiB",
	  TEXT("\x45\0\xff\xfc"
	       "a,i,0x1\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	  TID_CUT },
	{ "no ending zero",
	  TEXT("\x45\0\0\x14"
	       "aaaaaaaaaaaaaaa,i,0x"),
	  TID_BAD },
	{ "an empty name",
	  TEXT("\x45\0\0\x14"
	       "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	  TID_BAD },
	{ "a port without digits",
	  TEXT("\x45\0\0\x14"
	       "aaaa,i,0x\0\0\0\0\0\0\0\0\0\0\0"),
	  TID_BAD },
	{ "a port without a device",
	  TEXT("\x45\0\0\x14"
	       ",i,0x1\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	  TID_BAD },
	{ "a port with other digits",
	  TEXT("\x45\0\0\x14"
	       "a,i,0x1g\0\0\0\0\0\0\0\0\0\0\0\0"),
	  TID_BAD },
	{ "a port of more than 48 bits",
	  TEXT("\x45\0\0\x18"
	       "a,i,0x1000000000000\0\0\0\0\0"),
	  TID_BAD },
	{ "a port of more than 64 bits",
	  TEXT("\x45\0\0\x20"
	       "a,i,0x10000000000000001\0\0\0\0\0\0\0\0\0"),
	  TID_BAD },
	{ "a device that says it is a port",
	  TEXT("\x45\0\0\x14"
	       "aaaaaaaa\0\0\0\0\0\0\0\0\0\0\0\0"),
	  TID_BAD },
	{ "a port that says it is a device",
	  TEXT("\x05\0\0\x14"
	       "a,i,0x1\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	  TID_BAD },
};

static void what_is_odd_is_refused(void)
{
	size_t i;

	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct tid t;
		size_t used;
		enum tid_fault f = tid_get(&t, odd[i].bytes, odd[i].len, &used);

		if (f != odd[i].fault)
			CU_FAIL(odd[i].what);
	}
	CU_PASS();
}

static const struct unit_test tests[] = {
	{ "a port is written as SPC has it", a_port_is_written_out },
	{ "the shortest has 24 bytes, the longest name fits, a longer one is refused",
	  the_shortest_has_24_bytes_and_the_longest_fits },
	{ "capitals and padding make no other port", there_is_one_spelling },
	{ "an ISID is compared by its value", an_isid_is_its_value },
	{ "a device stands for its ports, and for no other's", a_device_stands_for_its_ports },
	{ "what is odd is refused, and nothing is read past its end", what_is_odd_is_refused },
};

UNIT_MAIN("scsi/tid", tests)
