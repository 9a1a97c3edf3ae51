/*
 * Keyboard and pointer of a Xen guest that reads when it likes and writes any
 * index, and the ring of its requests. A naive front end is the oracle: every
 * entry is one of the protocol, no key goes up that was not down, fingers move
 * and lift that came down, and once input was lost and all was read, no key and
 * no finger is down.
 *
 *	then	{u8 what, 7 bytes}: see turn()
 */
#include "hv-glue/kbdif.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Alignas(4096) uint8_t page[4096];
static struct kbdif k;
static bool is_down[KEY_CNT]; /* as the guest was told */
static uint32_t touching;
static uint32_t cons;

static void
must(bool fact)
{
	if (!fact)
		abort();
}

static void
see_touch(const uint8_t *e)
{
	const uint32_t bit = 1u << e[2];

	must(e[1] <= 3 && e[2] < k.contacts);
	must(e[1] == 3 || (e[1] == 0) == ((touching & bit) == 0));
	if (e[1] <= 1)
		touching ^= bit;
}

static void
see(const uint8_t *e)
{
	const uint32_t code = get_u32(e + 4);

	must(e[0] == 1 || e[0] == 3 || e[0] == 4 || e[0] == 5);
	if (e[0] == 5)
		see_touch(e);
	if (e[0] != 3)
		return;
	must(e[1] <= 1 && code < KEY_CNT);
	is_down[code] = e[1];
}

/* At most n entries; honest indices. */
static void
fetch(uint32_t n)
{
	must(get_u32(page + 4) - cons <= 51);
	for (; n > 0 && get_u32(page + 4) != cons; n--, cons++)
		see(page + 1024 + cons % 51 * 40);
	put_u32(page, cons);
}

static bool
fetch_all(void)
{
	for (uint32_t i = 0; i < 64; i++) {
		fetch(51);
		if (!kbdif_read(&k))
			return get_u32(page + 4) == cons;
	}
	return false;
}

static void
turn(const uint8_t *b)
{
	static const uint16_t types[] = {EV_SYN, EV_KEY, EV_KEY, EV_REL, EV_ABS,
	    EV_SYN, EV_MSC, 77};
	bool notify;

	switch (b[0] % 16) {
	case 0:
		fetch(b[1] % 64);
		break;
	case 1:
		notify = kbdif_read(&k);
		must(!notify || get_u32(page + 4) != cons);
		break;
	case 2:
		(void)!kbdif_lost(&k);
		must(fetch_all());
		for (uint32_t i = 0; i < KEY_CNT; i++)
			must(!is_down[i]);
		must(touching == 0);
		break;
	case 3: /* nonsense: its own entries may be overwritten */
		put_u32(page, get_u32(b + 1));
		(void)!kbdif_put(&k, EV_SYN, 0, 0);
		(void)!kbdif_read(&k);
		memset(is_down, 0, sizeof(is_down));
		touching = 0;
		kbdif_attach(&k, page, b[5] & 1, 1024, 768,
		    b[5] >> 4 & 7);
		cons = get_u32(page + 4);
		put_u32(page, cons);
		break;
	case 4:
	case 5:
	case 6:
		kbdif_touch(&k, (uint16_t)(ABS_MT_SLOT + b[1] % 16),
		    (int32_t)get_u32(b + 4) % 16);
		break;
	default:
		notify = kbdif_put(&k, types[b[1] % 8], get_u16(b + 2),
		    (int32_t)get_u32(b + 4) % 4096);
		must(!notify || get_u32(page + 4) != cons);
	}
}

/* Any index: never more than the ring holds, and each request once. */
static void
ring(const uint8_t *data, size_t size)
{
	struct xenring r;
	uint8_t entry[XENRING_ENTRY_BYTES];

	memset(page, 0, sizeof(page));
	xenring_init(&r, page);
	for (size_t i = 0; i + 4 <= size; i += 4) {
		put_u32(page, data[i] < 200 ? r.req_cons + data[i] % 40
					    : get_u32(data + i));
		uint32_t n = 0;
		while (xenring_get(&r, entry) == 1)
			must(++n <= XENRING_ENTRIES);
		must(r.req_cons - r.rsp_prod <= XENRING_ENTRIES);
		while (r.rsp_prod != r.req_cons && data[i] % 3 != 0)
			xenring_put(&r, entry);
		(void)!xenring_publish(&r);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	memset(page, 0, sizeof(page));
	memset(is_down, 0, sizeof(is_down));
	touching = 0;
	cons = 0;
	if (size == 0)
		return 0;
	kbdif_attach(&k, page, data[0] & 1, 1024, 768,
	    data[0] >> 1 & 7);
	for (size_t i = 1; i + 8 <= size; i += 8)
		turn(data + i);
	ring(data, size);
	return 0;
}
