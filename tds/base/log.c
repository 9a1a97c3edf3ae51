#include "tds/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 512, BUDGET_LINES = 10 };
static const uint64_t budget_window_ns = 10000000000u;

/* Set once before the loop starts; read only afterwards. */
static char process_name[48] = "tds";

void
log_init(const char *process)
{
	snprintf(process_name, sizeof(process_name), "%s", process);
}

/* One write per line, so that lines of several processes do not mix. A full
 * disk or a closed pipe loses the line and disturbs nothing else. */
__attribute__((format(printf, 3, 0))) static void
emit(const char *kind, const char *who, const char *format, va_list ap)
{
	char line[LINE_MAX_BYTES];
	int n = snprintf(line, sizeof(line) - 1, "%s: %s%s%s%s", process_name,
	    kind, who ? "[" : "", who ? who : "", who ? "] " : "");

	if (n < 0)
		return;
	if ((size_t)n < sizeof(line) - 1) {
		const int m = vsnprintf(line + n, sizeof(line) - 1 - (size_t)n,
		    format, ap);
		n = m < 0 ? n : n + m;
	}
	if ((size_t)n > sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	for (int i = 0; i < n; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	line[n] = '\n';
	const ssize_t written = write(STDERR_FILENO, line, (size_t)n + 1);
	(void)written;
}

#define EMIT(kind, who)                                                        \
	do {                                                                   \
		va_list ap;                                                    \
		va_start(ap, format);                                          \
		emit(kind, who, format, ap);                                   \
		va_end(ap);                                                    \
	} while (0)

void
log_info(const char *format, ...)
{
	EMIT("", NULL);
}

void
log_error(const char *format, ...)
{
	EMIT("error: ", NULL);
}

void
log_bug(const char *format, ...)
{
	EMIT("bug: ", NULL);
}

static int
budget_allows(struct log_budget *budget)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	const uint64_t now =
	    (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	if (budget->used == 0 ||
	    now - budget->window_start_ns >= budget_window_ns) {
		if (budget->dropped > 0)
			log_info("%u similar lines were left out",
			    budget->dropped);
		*budget = (struct log_budget){.window_start_ns = now};
	}
	if (budget->used >= BUDGET_LINES) {
		budget->dropped++;
		return 0;
	}
	budget->used++;
	return 1;
}

void
log_guest(struct log_budget *budget, const char *domain, const char *format,
    ...)
{
	if (budget_allows(budget))
		EMIT("guest ", domain);
}

void
log_peer(struct log_budget *budget, const char *peer, const char *format, ...)
{
	if (budget_allows(budget))
		EMIT("peer ", peer);
}
