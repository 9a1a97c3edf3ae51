#include "hdcp/state.h"

#include "tds/base/secret.h"

#include <errno.h>
#include <unistd.h>

int
hdcp_state_load(int fd, struct hdcp_state *out)
{
	static uint8_t bytes[HDCP_STATE_BYTES];
	const int n = secret_read(fd, bytes, sizeof(bytes));

	/* a longer file is none of ours */
	if (n < 0 && n != -EBADMSG)
		return n;
	const int err = n < 0 ? -EUCLEAN
			      : hdcp_state_decode(bytes, (uint32_t)n, out);
	hdcp_wipe(bytes, sizeof(bytes));
	return err;
}

int
hdcp_state_save(int fd, struct hdcp_state *state)
{
	static uint8_t slot[HDCP_STATE_SLOT];
	const int err = hdcp_state_encode(state, slot);

	if (err < 0)
		return err;
	const ssize_t n = pwrite(
	    fd, slot, sizeof(slot), hdcp_state_offset(state->sequence));
	const int wrong = errno;
	hdcp_wipe(slot, sizeof(slot));
	if (n < 0)
		return -wrong;
	return n == (ssize_t)sizeof(slot) ? 0 : -EIO;
}

int
hdcp_state_believe(
    int fd, struct hdcp_state *state, const struct hdcp_srm *srm)
{
	if (srm->version <= state->newest[srm->format])
		return 0;
	state->newest[srm->format] = srm->version;
	/* one after the other: one of them is whole at any time */
	for (int i = 0; i < 2; i++) {
		const int err = hdcp_state_save(fd, state);
		if (err < 0)
			return err;
		if (fdatasync(fd) < 0)
			return -errno;
	}
	return 0;
}
