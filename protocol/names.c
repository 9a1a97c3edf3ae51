#include "protocol/names.h"

const char *
level_name(uint32_t level)
{
	static const char *const names[] = {
	    [LEVEL_UNCLASSIFIED] = "unclassified",
	    [LEVEL_CUI] = "cui",
	    [LEVEL_CONFIDENTIAL] = "confidential",
	    [LEVEL_SECRET] = "secret",
	    [LEVEL_TOP_SECRET] = "top-secret",
	    [LEVEL_TOP_SECRET_SCI] = "top-secret-sci",
	};

	return level <= LEVEL_TOP_SECRET_SCI ? names[level] : 0;
}

const char *
level_marking(uint32_t level)
{
	static const char *const names[] = {
	    [LEVEL_UNCLASSIFIED] = "UNCLASSIFIED",
	    [LEVEL_CUI] = "CUI",
	    [LEVEL_CONFIDENTIAL] = "CONFIDENTIAL",
	    [LEVEL_SECRET] = "SECRET",
	    [LEVEL_TOP_SECRET] = "TOP SECRET",
	    [LEVEL_TOP_SECRET_SCI] = "TOP SECRET//SCI",
	};

	return level <= LEVEL_TOP_SECRET_SCI ? names[level] : 0;
}

const char *
domain_state_name(uint32_t state)
{
	static const char *const names[] = {
	    [DOMAIN_WAITING] = "waiting",
	    [DOMAIN_RUNNING] = "running",
	    [DOMAIN_STOPPED] = "stopped",
	};

	return state <= DOMAIN_STOPPED ? names[state] : 0;
}

const char *
pattern_name(uint32_t pattern)
{
	static const char *const names[] = {
	    [PATTERN_PLAIN] = "plain",
	    [PATTERN_DIAGONAL] = "diagonal",
	    [PATTERN_DOTS] = "dots",
	    [PATTERN_VERTICAL] = "vertical",
	    [PATTERN_HORIZONTAL] = "horizontal",
	    [PATTERN_CROSS] = "cross",
	    [PATTERN_CHEVRON] = "chevron",
	    [PATTERN_CHECKS] = "checks",
	};

	return pattern < PATTERN_COUNT ? names[pattern] : 0;
}
