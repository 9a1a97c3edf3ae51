/*
 * identity: what makes this program one receiver: its certificate, its private
 * key and the constants, from a folder (docs/hdcp.md, "Key files").
 */
#pragma once

#include "hdcp/keyfile.h"
#include "hdcp/rx.h"

struct identity {
	uint8_t cert[HDCP_CERT_BYTES];
	uint8_t kh[HDCP_BLOCK];
	uint8_t lc128[HDCP_BLOCK];
	uint8_t source_key[HDCP_SOURCE_KEY];
	struct hdcp_private *private; /* owned */
	struct hdcp_rx_config config; /* borrows from here */
	char name[16];		      /* the receiver's identifier, in hex */
	bool is_facsimile;	      /* lc128 is the published one */
};

/* 0, or -errno with *what set to the file's name. */
int identity_read(struct identity *k, const char *folder, const char **what) MUST_CHECK;
/* Wipe all of it. */
void identity_forget(struct identity *k);
