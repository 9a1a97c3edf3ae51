#include "tds/super/config_keys.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const char *
value_number(const char *text, uint32_t least, uint32_t most, uint32_t *out)
{
	uint32_t n = 0;

	if (*text == 0 || strlen(text) > 9)
		return "is not a number of that range";
	for (; *text; text++) {
		if (!isdigit((unsigned char)*text))
			return "is not a number";
		n = n * 10 + (uint32_t)(*text - '0');
	}
	if (n < least || n > most)
		return "is out of range";
	*out = n;
	return NULL;
}

const char *
value_size(const char *text, uint32_t least_width, uint32_t least_height,
    uint32_t *width, uint32_t *height)
{
	char half[16];
	const size_t len = strcspn(text, "xX");

	if (text[len] == 0 || len >= sizeof(half))
		return "is not WIDTHxHEIGHT";
	snprintf(half, sizeof(half), "%.*s", (int)len, text);
	const char *why = value_number(half, least_width, TDS_MAX_DIM, width);
	return why ? why : value_number(text + len + 1, least_height,
			       TDS_MAX_DIM, height);
}

const char *
value_position(const char *text, uint32_t most, int32_t *x, int32_t *y)
{
	char half[16];
	const size_t len = strcspn(text, ",");
	uint32_t left, top;

	if (text[len] == 0 || len >= sizeof(half))
		return "is not X,Y";
	snprintf(half, sizeof(half), "%.*s", (int)len, text);
	text += len + 1 + strspn(text + len + 1, " ");
	const char *why = value_number(half, 0, most, &left);
	if (!why)
		why = value_number(text, 0, most, &top);
	if (why)
		return why;
	*x = (int32_t)left;
	*y = (int32_t)top;
	return NULL;
}

const char *
value_switch(const char *text, const char *one, const char *zero, uint32_t *out)
{
	if (strcmp(text, one) != 0 && strcmp(text, zero) != 0)
		return "is neither of the two";
	*out = strcmp(text, one) == 0;
	return NULL;
}

const char *
value_colour(const char *text, uint32_t *out)
{
	uint32_t n = 0;

	if (text[0] != '#' || strlen(text) != 7)
		return "is not a colour";
	for (text++; *text; text++) {
		const int c = tolower((unsigned char)*text);
		if (!isxdigit(c))
			return "is not a colour";
		n = n * 16 + (uint32_t)(isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	*out = n;
	return NULL;
}

const char *
value_text(const char *text, const char *fault, uint8_t *out, size_t size)
{
	if (fault)
		return fault;
	if (strlen(text) >= size)
		return "is too long";
	memset(out, 0, size);
	memcpy(out, text, strlen(text));
	return NULL;
}

const char *
value_path(const char *text, char *out, size_t size)
{
	if (text[0] != '/')
		return "is not an absolute path";
	if (strlen(text) >= size)
		return "is too long for a socket";
	if (strstr(text, "/../") || strstr(text, "/./") || strstr(text, "//"))
		return "holds \"..\", \".\" or an empty part";
	const size_t len = strlen(text);
	if (len == 1 || text[len - 1] == '/' || text[len - 1] == '.')
		return "does not end in a name";
	snprintf(out, size, "%s", text);
	return NULL;
}
