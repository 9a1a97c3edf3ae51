#include "tds/ctl/picture.h"

#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>

/* A row at a time: B G R X in memory becomes R G B. */
static void
write_rows(png_structp png, const uint32_t *pixels, uint32_t width,
    uint32_t height, uint8_t *row)
{
	for (uint32_t y = 0; y < height; y++) {
		for (uint32_t x = 0; x < width; x++) {
			const uint32_t p = pixels[(size_t)y * width + x];
			row[3 * x] = (uint8_t)(p >> 16);
			row[3 * x + 1] = (uint8_t)(p >> 8);
			row[3 * x + 2] = (uint8_t)p;
		}
		png_write_row(png, row);
	}
}

int
picture_write(FILE *to, const uint32_t *pixels, uint32_t width,
    uint32_t height)
{
	uint8_t *const row = malloc((size_t)width * 3);
	png_structp png =
	    png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png ? png_create_info_struct(png) : NULL;

	if (!row || !info) {
		png_destroy_write_struct(&png, &info);
		free(row);
		return -ENOMEM;
	}
	errno = 0;
	if (setjmp(png_jmpbuf(png))) {
		const int err = errno ? -errno : -EIO;
		png_destroy_write_struct(&png, &info);
		free(row);
		return err;
	}
	png_init_io(png, to);
	png_set_compression_level(png, 3);
	png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGB,
	    PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
	    PNG_FILTER_TYPE_DEFAULT);
	png_write_info(png, info);
	write_rows(png, pixels, width, height, row);
	png_write_end(png, info);
	png_destroy_write_struct(&png, &info);
	free(row);
	return fflush(to) == 0 ? 0 : -errno;
}
