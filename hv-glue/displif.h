/*
 * displif: the display of a Xen guest (xen/io/displif.h) as a state machine:
 * one request in, one response out, with 0 or -errno in it. Pure: what must be
 * mapped is asked for through ops, what is shown goes to the outbox.
 *
 * A display buffer is a list of granted pages, which the guest names in
 * directory pages. Each directory page is copied once; how many there are
 * follows from the buffer's size, so a directory that points at itself ends
 * like any other. The core, not this process, maps the buffer's pages.
 *
 * Requests are handled one at a time, for all connectors together; one that
 * needs somebody's answer keeps the others waiting in their rings:
 *
 *	create	directory pages -> broker maps -> core maps -> response
 *	destroy	core unmaps -> broker unmaps -> response
 *	EDID	directory page -> the page it names is written -> response
 *	a new core: the same for each buffer that there is, without a response
 *
 * A flip says nothing of what is new: what differs from the picture before is
 * looked for, wherever the pixels can be read.
 *
 * Cookies are numbers of the guest's choice: searched for, never an index.
 */
#pragma once

#include "hv-glue/changes.h"
#include "hv-glue/outbox.h"

enum {
	DISPLIF_BYTES = 64, /* of a request, a response, an event */
	DISPLIF_MAX_BUFFERS = TDS_MAX_GRANTED,
	DISPLIF_MAX_FRAMEBUFFERS = 64,
	DISPLIF_MAX_PAGES = 16384, /* of one buffer: 4096 x 4096 pixels */
	DISPLIF_DIRECTORY = 1024,  /* words of a directory page */
	DISPLIF_EDID_BYTES = 32768, /* that a guest must offer */
};

/* All but read_directory and write are answered later, in order. */
struct displif_ops {
	/* Copy a directory page; 0 or -errno. */
	int (*read_directory)(
	    void *data, uint32_t gref, uint32_t words[DISPLIF_DIRECTORY]);
	/* Write to the begin of a page that the guest named; 0 or -errno. */
	int (*write)(
	    void *data, uint32_t gref, const uint8_t *bytes, uint32_t n);
	/* Have the broker map pages: 0 with the first page, or -errno. */
	int (*map)(void *data, const uint32_t *grefs, uint32_t n,
	    uint32_t *page);
	void (*unmap)(void *data, uint32_t page, uint32_t n);
	/* The same pages for our own eyes; NULL: then all is new always. */
	const uint8_t *(*look)(void *data, const uint32_t *grefs, uint32_t n,
	    uint32_t *page);
	void (*unlook)(
	    void *data, const uint8_t *pixels, uint32_t page, uint32_t n);
	void (*respond)(void *data, uint32_t connector,
	    const uint8_t response[DISPLIF_BYTES]);
	/* A flip was done. */
	void (*event)(void *data, uint32_t connector,
	    const uint8_t event[DISPLIF_BYTES]);
};

enum displif_job { /* what is waited for */
	JOB_NONE,
	JOB_CREATE,  /* the core maps a new buffer */
	JOB_DESTROY, /* the core unmaps it */
	JOB_REMAP,   /* the core maps a buffer that was there before it */
};

enum displif_state {
	BUFFER_FREE,
	BUFFER_MAPPED, /* the core can show it */
	BUFFER_STALE,  /* mapped for a core that is gone */
	BUFFER_DEAD,   /* cannot be mapped any more */
	BUFFER_MOVING, /* the job's */
};

struct displif_buffer {
	enum displif_state state;
	uint64_t cookie;
	uint32_t width, height, stride_bytes, offset_bytes;
	uint32_t page, n; /* where it is mapped; pages */
	const uint8_t *pixels; /* what look() gave, from its page on */
	uint32_t look_page;
	uint32_t grefs[DISPLIF_MAX_PAGES];
};

struct displif_framebuffer {
	uint64_t cookie; /* 0: free */
	uint32_t buffer; /* index */
	uint32_t width, height;
};

struct displif_connector {
	bool is_on;
	uint32_t x, y, width, height; /* of the framebuffer, shown */
	uint64_t shown;		      /* cookie of a framebuffer */
	bool is_flipping;	      /* an event is owed */
	uint16_t event_id;	      /* of the next event: 0, 1, 2, ... */
	uint32_t mode_width, mode_height; /* its EDID says so */
};

struct displif {
	const struct displif_ops *ops; /* borrowed */
	void *data;		       /* borrowed */
	struct outbox *outbox;	       /* borrowed */
	uint32_t n_connectors;
	uint32_t version; /* of the protocol: 1 or 2 */
	enum displif_job job;
	uint32_t job_buffer, job_connector;
	uint16_t job_id; /* of the request */
	uint8_t job_op;
	struct displif_connector connectors[TDS_MAX_SCANOUTS];
	struct changes changes[TDS_MAX_SCANOUTS]; /* from flip to flip */
	struct displif_framebuffer framebuffers[DISPLIF_MAX_FRAMEBUFFERS];
	struct displif_buffer buffers[DISPLIF_MAX_BUFFERS];
};

/*
 * Zeroed but for the borrowed members, n_connectors, version and modes;
 * chance: for what is new in pictures (changes.h).
 */
void displif_init(struct displif *d, uint64_t chance);

/* Whether it waits: no request may be given to it then. */
bool displif_is_busy(const struct displif *d);
/* A private copy of a request of that connector's ring. */
void displif_request(struct displif *d, uint32_t connector,
    const uint8_t request[DISPLIF_BYTES]);
/* DOWN_MAPPED. -EPROTO if nobody waits for it. */
int displif_mapped(
    struct displif *d, const struct down *answer) MUST_CHECK;
/* DOWN_TICK: flips that the core has seen are done. */
void displif_tick(struct displif *d, uint32_t seq);
/* The core is a new one, which knows nothing: before the link renews. */
void displif_core_lost(struct displif *d);
