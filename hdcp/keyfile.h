/*
 * keyfile: secrets and lists from files, read once at start. A file that
 * anybody but its owner may read or write, or whose owner is neither root nor
 * who runs us, is refused: -EPERM.
 */
#pragma once

#include "hdcp/session.h"
#include "hdcp/srm.h"

/* Exactly n bytes of folder/name. -ENOENT, -EPERM, -EBADMSG: other length. */
int keyfile_read(
    const char *folder, const char *name, uint8_t *out, uint32_t n) MUST_CHECK;
/* At most max bytes: how many. */
int keyfile_read_some(const char *folder, const char *name, uint8_t *out,
    uint32_t max) MUST_CHECK;

/* The facsimile authority, whose private key is public. */
bool keyfile_is_facsimile(const uint8_t authority[HDCP_DCP_MODULUS + 1]);
/* The same of HDCP 1.x, which signs lists only. */
bool keyfile_is_facsimile_1(const uint8_t dsa_y[HDCP_DSA_P]);

/*
 * No dumps, no tracing, nothing swapped out: before the first secret. Who may
 * not lock so much memory is told so on standard error.
 */
int keyfile_protect_memory(void) MUST_CHECK;
