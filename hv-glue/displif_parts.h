/*
 * displif_parts: what the files of displif share. A request takes its bytes
 * after the header and returns 0, the length of an EDID, -errno, or
 * DISPLIF_LATER when a job was begun that responds.
 */
#pragma once

#include "hv-glue/displif.h"

enum { DISPLIF_LATER = 1 << 30 };

/* displif.c */
/* NULL for a cookie that no buffer has. */
struct displif_buffer *displif_find_buffer(struct displif *d, uint64_t cookie);
/* Show it wherever it is to be seen. */
void displif_show_buffer(struct displif *d, const struct displif_buffer *b);
void displif_respond(struct displif *d, uint32_t connector, uint16_t id,
    uint8_t op, int status);

/* displif_buffer.c */
int displif_create(struct displif *d, struct rd *rd);
int displif_destroy(struct displif *d, struct rd *rd);
int displif_edid(struct displif *d, uint32_t connector, struct rd *rd);
