/*
 * A guest's ring: the input is the guest's memory itself. Whatever lies in
 * it, a chain that comes out has at most num pieces, each inside one region,
 * and reading and writing it moves exactly what it says.
 *
 *	byte 0	log2 of the ring size, and which region each area is in
 *	byte 1	first available index
 *	rest	copied over both regions: ring first, then data
 */
#include "hv-glue/virtqueue.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REGION = 4096, LIMIT = 2048 };

static void
must(bool fact)
{
	if (!fact)
		abort();
}

static bool
in_a_region(const struct memory *m, struct vq_piece p)
{
	for (uint32_t i = 0; i < m->n; i++)
		if (p.gpa >= m->regions[i].gpa &&
		    (__uint128_t)p.gpa + p.len <=
			(__uint128_t)m->regions[i].gpa + m->regions[i].size)
			return true;
	return false;
}

static void
judge(const struct virtqueue *vq, const struct vq_chain *chain)
{
	uint64_t out = 0, in = 0;

	must(chain->head < vq->num);
	must(chain->n_out + chain->n_in >= 1);
	must(chain->n_out + chain->n_in <= vq->num);
	for (uint32_t i = 0; i < chain->n_out + chain->n_in; i++) {
		must(in_a_region(vq->memory, chain->pieces[i]));
		if (i < chain->n_out)
			out += chain->pieces[i].len;
		else
			in += chain->pieces[i].len;
	}
	must(out == chain->out_bytes && in == chain->in_bytes);
}

static void
move(struct virtqueue *vq, const struct vq_chain *chain)
{
	const uint32_t out =
	    chain->out_bytes < LIMIT ? (uint32_t)chain->out_bytes : LIMIT;
	const uint32_t in =
	    chain->in_bytes < LIMIT ? (uint32_t)chain->in_bytes : LIMIT;
	uint8_t *copy = malloc(out + 1);

	/* exactly that size, so that a byte beyond is seen */
	must(copy != NULL);
	copy[out] = 0xa5;
	must(virtqueue_read(vq, chain, copy, out) == (int)out);
	must(copy[out] == 0xa5);
	free(copy);

	uint8_t *answer = calloc(1, LIMIT);
	must(answer != NULL);
	must(virtqueue_write(vq, chain, answer, LIMIT) == (int)in);
	free(answer);
	virtqueue_push(vq, chain->head, in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vq_chain chain;
	const char *why = NULL;

	if (size < 2 || size > 2 + 2 * REGION)
		return 0;
	uint8_t *low = aligned_alloc(64, REGION);
	uint8_t *high = aligned_alloc(64, REGION);
	must(low && high);
	memset(low, 0, REGION);
	memset(high, 0, REGION);
	const size_t n = size - 2;
	memcpy(low, data + 2, n < REGION ? n : REGION);
	if (n > REGION)
		memcpy(high, data + 2 + REGION, n - REGION);

	/* side by side for the guest: a piece may not cross all the same */
	const struct memory memory = {.n = 2,
	    .regions = {{.gpa = 0, .uva = 1 << 20, .size = REGION, .at = low},
		{.gpa = REGION,
		    .uva = (1 << 20) + REGION,
		    .size = REGION,
		    .at = high}}};
	struct virtqueue vq = {.memory = &memory,
	    .num = (uint16_t)(1u << data[0] % 8),
	    .desc_uva = 1 << 20,
	    .avail_uva = (1 << 20) + 2048,
	    .used_uva = (1 << 20) + (data[0] & 8 ? 2304 : REGION + 2048),
	    .next_avail = data[1],
	    .next_used = data[1]};

	must(virtqueue_map(&vq) == 0);
	const uint16_t used_before = vq.next_used;
	uint32_t popped = 0;
	for (int got = 1; got == 1 && popped < 256; popped += got == 1) {
		got = virtqueue_pop(&vq, &chain, &why);
		must(got >= 0 || why != NULL);
		if (got != 1)
			break;
		judge(&vq, &chain);
		move(&vq, &chain);
	}
	must((uint16_t)(vq.next_used - used_before) == (uint16_t)popped);
	virtqueue_wants_call(&vq);
	free(low);
	free(high);
	return 0;
}
