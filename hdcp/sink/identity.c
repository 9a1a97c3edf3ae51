#include "hdcp/sink/identity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* By its hash: the tree of a product holds no such constant, not even this. */
static bool
is_published(const uint8_t lc128[HDCP_BLOCK])
{
	static const uint8_t facsimile[HDCP_HASH] = {0xa6, 0xd8, 0x93, 0x41, 0x33, 0x9b, 0x76, 0xa5,
	    0x83, 0x16, 0xe1, 0x24, 0x5c, 0x2e, 0xa2, 0x82, 0x5b, 0x85, 0x4e,
	    0xc1, 0x20, 0x92, 0x6e, 0xfc, 0xda, 0x9b, 0x27, 0x1a, 0x9e, 0x61,
	    0x74, 0x36};
	uint8_t hash[HDCP_HASH];

	/* who cannot tell takes it for one */
	if (hdcp_sha256(lc128, HDCP_BLOCK, hash) < 0)
		return true;
	return memcmp(hash, facsimile, HDCP_HASH) == 0;
}

static int
read_private(struct identity *k, const char *folder)
{
	uint8_t parts[5 * HDCP_PRIME];
	int err = keyfile_read(folder, "private", parts, sizeof(parts));

	if (err == 0)
		err = hdcp_private_create(parts, &k->private);
	if (err == 0)
		err = hdcp_derive_kh(parts, k->kh);
	hdcp_wipe(parts, sizeof(parts));
	return err;
}

int
identity_read(struct identity *k, const char *folder, const char **what)
{
	*k = (struct identity){0};
	*what = "cert";
	int err = keyfile_read(folder, *what, k->cert, sizeof(k->cert));
	if (err < 0)
		return err;
	*what = "lc128";
	err = keyfile_read(folder, *what, k->lc128, HDCP_BLOCK);
	if (err < 0)
		return err;
	*what = "private";
	err = read_private(k, folder);
	if (err < 0)
		return err;
	*what = "source-key";
	err = keyfile_read(folder, *what, k->source_key, HDCP_SOURCE_KEY);
	if (err < 0 && err != -ENOENT)
		return err;
	k->config = (struct hdcp_rx_config){.cert = k->cert,
	    .private = k->private,
	    .kh = k->kh,
	    .lc128 = k->lc128,
	    .source_key = err == 0 ? k->source_key : NULL,
	    .random = hdcp_random_system,
	    .has_precompute = true};
	k->is_facsimile = is_published(k->lc128);
	/* the first 40 bits of a certificate */
	snprintf(k->name, sizeof(k->name), "%02x%02x%02x%02x%02x", k->cert[0],
	    k->cert[1], k->cert[2], k->cert[3], k->cert[4]);
	return 0;
}

void
identity_forget(struct identity *k)
{
	hdcp_private_destroy(k->private);
	hdcp_wipe(k, sizeof(*k));
}
