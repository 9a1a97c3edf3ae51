/*
 * edid_print WIDTH HEIGHT SCANOUT: the EDID of such a window, to stdout, for a
 * reader that is not ours.
 */
#include "hv-glue/edid.h"

#include <stdio.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
	uint8_t edid[EDID_BYTES];

	if (argc != 4 ||
	    edid_build((uint32_t)atoi(argv[1]), (uint32_t)atoi(argv[2]),
		(uint32_t)atoi(argv[3]), edid) < 0)
		return 2;
	return fwrite(edid, 1, sizeof(edid), stdout) == sizeof(edid) ? 0 : 1;
}
