#include "tds/super/uevent.h"

#include "tds/base/own.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

enum { KERNEL_GROUP = 1, BUFFER_BYTES = 1 << 20 };

/* --------------------------------------------------------------- the bytes */

/* The values that count; NULL: not there. They lie in the message. */
struct values {
	const char *action, *subsystem, *devname, *hotplug;
};

/* N of "input/eventN", or -1. */
static int32_t
event_number(const char *name)
{
	static const char prefix[] = "input/event";
	int32_t n = 0;

	if (!name || strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return -1;
	name += sizeof(prefix) - 1;
	if (*name == 0 || (name[0] == '0' && name[1] != 0))
		return -1;
	for (; *name; name++) {
		if (*name < '0' || *name > '9')
			return -1;
		n = n * 10 + (*name - '0');
		if (n > UEVENT_MAX_EVENT)
			return -1;
	}
	return n;
}

/* False if the key is there for the second time: which one would count? */
static bool
note(const char *text, const char *key, const char **value)
{
	const size_t len = strlen(key);

	if (strncmp(text, key, len) != 0)
		return true;
	if (*value)
		return false;
	*value = text + len;
	return true;
}

/* len > 0 and the last byte is NUL, so every string ends in here. */
static bool
read_values(const char *bytes, size_t len, struct values *v)
{
	for (size_t at = strlen(bytes) + 1; at < len;
	     at += strlen(bytes + at) + 1)
		if (!note(bytes + at, "ACTION=", &v->action) ||
		    !note(bytes + at, "SUBSYSTEM=", &v->subsystem) ||
		    !note(bytes + at, "DEVNAME=", &v->devname) ||
		    !note(bytes + at, "HOTPLUG=", &v->hotplug))
			return false;
	return v->action && v->subsystem;
}

static struct uevent
judge(const struct values *v)
{
	const int32_t n = event_number(v->devname);

	if (strcmp(v->subsystem, "drm") == 0 &&
	    strcmp(v->action, "change") == 0 && v->hotplug &&
	    strcmp(v->hotplug, "1") == 0)
		return (struct uevent){.kind = UEVENT_SCREEN};
	if (strcmp(v->subsystem, "input") != 0 || n < 0)
		return (struct uevent){.kind = UEVENT_OTHER};
	if (strcmp(v->action, "add") == 0)
		return (struct uevent){UEVENT_ADD, (uint32_t)n};
	if (strcmp(v->action, "remove") == 0)
		return (struct uevent){UEVENT_REMOVE, (uint32_t)n};
	return (struct uevent){.kind = UEVENT_OTHER};
}

/* User space has a port; the kernel signs as root. udev's own messages, which
 * begin with "libudev", come from user space as well. */
static bool
is_from_kernel(const struct uevent_sender *sender)
{
	return sender->port == 0 && sender->has_credentials && sender->uid == 0;
}

struct uevent
uevent_parse(const struct uevent_sender *sender, const char *bytes, size_t len)
{
	const struct uevent other = {.kind = UEVENT_OTHER};
	struct values v = {0};

	if (!is_from_kernel(sender) || len == 0 || len > UEVENT_BYTES ||
	    bytes[len - 1] != 0 || !strchr(bytes, '@'))
		return other;
	return read_values(bytes, len, &v) ? judge(&v) : other;
}

/* -------------------------------------------------------------- the socket */

int
uevent_open(void)
{
	const struct sockaddr_nl address = {
	    .nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP};
	const int bytes = BUFFER_BYTES, on = 1;
	int AUTO_FD fd = socket(AF_NETLINK,
	    SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

	if (fd < 0)
		return -errno;
	/* More only makes losses rarer, and those are looked after. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) <
		0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)) < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static void
read_credentials(struct msghdr *msg, struct uevent_sender *sender)
{
	struct ucred who;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c;
	     c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET ||
		    c->cmsg_type != SCM_CREDENTIALS ||
		    c->cmsg_len != CMSG_LEN(sizeof(who)))
			continue;
		memcpy(&who, CMSG_DATA(c), sizeof(who));
		sender->uid = who.uid;
		sender->has_credentials = true;
	}
}

int
uevent_receive(int fd, struct uevent *out)
{
	char bytes[UEVENT_BYTES];
	union {
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control = {0};
	struct sockaddr_nl from = {0};
	struct iovec iov = {.iov_base = bytes, .iov_len = sizeof(bytes)};
	struct msghdr msg = {.msg_name = &from,
	    .msg_namelen = sizeof(from),
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = sizeof(control.bytes)};
	struct uevent_sender sender = {0};

	const ssize_t n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	sender.port = from.nl_pid;
	read_credentials(&msg, &sender);
	*out = (struct uevent){.kind = UEVENT_OTHER};
	/* Cut short: it says something that cannot be read any more. */
	if ((msg.msg_flags & MSG_TRUNC) && is_from_kernel(&sender))
		return -ENOBUFS;
	if (!(msg.msg_flags & MSG_TRUNC))
		*out = uevent_parse(&sender, bytes, (size_t)n);
	return 0;
}
