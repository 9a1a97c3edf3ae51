#include "tests/abuse/fake_stack.h"

#include "tds/base/channel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/abuse/check.h"
#include "tests/abuse/judge.h"

const char *stack_program;
const char *stack_checker;

static const char *const socket_names[SOCKET_COUNT] = {
    "gpu", "keyboard", "tablet", "mouse"};
static const uint32_t ok = VIRTIO_GPU_RESP_OK_NODATA;

static uint32_t
colour_of(uint32_t domain)
{
	static const uint32_t colours[STACK_DOMAINS] = {
	    0xfe0180, 0x01fe80, 0x02fdfd, 0xfd02fc, 0xfcfb03, 0x0304fa};

	return colours[domain];
}

/* ------------------------------------------------------------------------ */
/* configuration and processes						     */

static FILE *
create(const struct stack *stack, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", stack->dir, name);
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	return f;
}

static void
make_dir(const struct stack *stack, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", stack->dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void
configure(struct stack *stack)
{
	make_dir(stack, "config");
	make_dir(stack, "config/domains.d");
	FILE *f = create(stack, "config/tds.conf");
	fprintf(f,
	    "[tds]\nmode = try-out\nrun-dir = %s/run\nphrase = a phrase\n"
	    "attention = CTRL+ALT+DELETE\nfocus = d0\n\n"
	    "[output fake-1]\ntype = headless\nsize = %dx%d\nrefresh = 240\n",
	    stack->dir, STACK_WIDTH, STACK_HEIGHT);
	fclose(f);
	/* two domains may not look the same */
	static const char *const patterns[STACK_DOMAINS] = {
	    "plain", "diagonal", "dots", "vertical", "horizontal", "cross"};
	for (uint32_t i = 0; i < STACK_DOMAINS; i++) {
		char name[64];

		snprintf(name, sizeof(name), "config/domains.d/d%u.conf", i);
		f = create(stack, name);
		fprintf(f,
		    "[domain]\nname = d%u\nlabel = SECRET %u\nlevel = secret\n"
		    "colour = #c8102e\npattern = %s\nsize = %dx%d\nposition = "
		    "%u,%u\n",
		    i, i, patterns[i], STACK_CONTENT_WIDTH,
		    STACK_CONTENT_HEIGHT, 20 + i % 3 * 400, 50 + i / 3 * 300);
		fclose(f);
	}
}

static void
spawn_tdsd(struct stack *stack)
{
	char config[128], log[128];

	snprintf(config, sizeof(config), "%s/config", stack->dir);
	snprintf(log, sizeof(log), "%s/log", stack->dir);
	stack->tdsd = fork();
	assert_true(stack->tdsd >= 0);
	if (stack->tdsd > 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	const int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	const int null = open("/dev/null", O_RDONLY);
	if (fd < 0 || null < 0 || dup2(null, 0) < 0 || dup2(fd, 1) < 0 ||
	    dup2(fd, 2) < 0)
		_exit(126);
	syscall(SYS_close_range, 3u, ~0u, 0u);
	execl(stack_program, stack_program, "--config", config, (char *)NULL);
	_exit(127);
}

static void
print_log(const struct stack *stack)
{
	char path[128], text[8192];

	snprintf(path, sizeof(path), "%s/log", stack->dir);
	FILE *f = fopen(path, "re");
	if (!f)
		return;
	if (fseek(f, -(long)sizeof(text) + 1, SEEK_END) < 0)
		rewind(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	print_message("%s", text);
}

static void
give_up(const struct stack *stack, const char *what)
{
	print_log(stack);
	fail_msg("%s", what);
}

static void
init_host(struct stack *stack, uint32_t domain)
{
	struct host *host = &stack->hosts[domain];

	/* nothing of it is ours but the addresses */
	*host = (struct host){
	    .child = {.pid_fd = -1, .log_fd = -1, .control = -1},
	    .bell_up = -1,
	    .watched_fd = -1,
	    .is_remote = true,
	};
	for (int i = 0; i < SOCKET_COUNT; i++) {
		struct sockaddr_un *a = &host->address[i];

		a->sun_family = AF_UNIX;
		const int n = snprintf(a->sun_path, sizeof(a->sun_path),
		    "%s/run/d%u/%s.sock", stack->dir, domain, socket_names[i]);
		assert_true(n > 0 && (size_t)n < sizeof(a->sun_path));
		host->address_len[i] = sizeof(*a);
	}
}

void
stack_start(struct stack *stack)
{
	*stack = (struct stack){.dir = "/tmp/tds-abuse-XXXXXX"};
	assert_non_null(mkdtemp(stack->dir));
	stack->pixels = calloc(STACK_WIDTH * STACK_HEIGHT, 4);
	assert_non_null(stack->pixels);
	configure(stack);
	for (uint32_t i = 0; i < STACK_DOMAINS; i++)
		init_host(stack, i);
	stack_restart(stack);
	stack_revive(stack);
	stack_wait_shown(stack);
}

void
stack_restart(struct stack *stack)
{
	const int64_t deadline = now_ms() + STACK_DEADLINE_MS;

	spawn_tdsd(stack);
	while (stack_ask_status(stack) < 0) {
		if (waitpid(stack->tdsd, NULL, WNOHANG) == stack->tdsd)
			give_up(stack, "tdsd ended");
		if (now_ms() > deadline)
			give_up(stack, "tdsd does not come up");
		(void)poll(NULL, 0, 2);
	}
}

void
stack_stop(struct stack *stack)
{
	char command[128];

	for (uint32_t i = 0; i < STACK_DOMAINS; i++)
		vm_finish(&stack->vms[i]);
	kill(stack->tdsd, SIGTERM);
	waitpid(stack->tdsd, NULL, 0);
	free(stack->pixels);
	snprintf(command, sizeof(command), "rm -r '%s'", stack->dir);
	assert_int_equal(system(command), 0);
}

pid_t
stack_child(const struct stack *stack, const char *name)
{
	char path[64], line[4096] = "";

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", stack->tdsd,
	    stack->tdsd);
	FILE *f = fopen(path, "re");
	if (!f)
		return -1;
	line[fread(line, 1, sizeof(line) - 1, f)] = '\0';
	fclose(f);
	char *save = NULL;
	for (char *at = strtok_r(line, " ", &save); at;
	     at = strtok_r(NULL, " ", &save)) {
		char argv0[64] = "";

		snprintf(path, sizeof(path), "/proc/%s/cmdline", at);
		f = fopen(path, "re");
		if (!f)
			continue;
		argv0[fread(argv0, 1, sizeof(argv0) - 1, f)] = '\0';
		fclose(f);
		if (strcmp(argv0, name) == 0)
			return (pid_t)strtol(at, NULL, 10);
	}
	return -1;
}

void
stack_kill(pid_t pid)
{
	if (pid <= 0)
		return;
	const int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (fd < 0)
		return;
	kill(pid, SIGKILL);
	assert_int_equal(poll(&p, 1, STACK_DEADLINE_MS), 1);
	close(fd);
}

/* ------------------------------------------------------------------------ */
/* virtual machines							     */

static void
paint(struct stack *stack, uint32_t i)
{
	uint32_t *pixels =
	    (uint32_t *)(void *)(stack->vms[i].mem + stack->screens[i].at);

	for (uint32_t k = 0; k < STACK_CONTENT_WIDTH * STACK_CONTENT_HEIGHT;
	     k++)
		pixels[k] = colour_of(i);
}

/* Devices, then a screen; -errno while the back end is not there. */
static int
boot(struct stack *stack, uint32_t i)
{
	struct vm *vm = &stack->vms[i];
	struct gpu_buffer *b = &stack->screens[i];

	vm_finish(vm);
	vm_init(vm, &stack->hosts[i]);
	const int err = vm_boot(vm);
	if (err < 0)
		return err;
	*b = (struct gpu_buffer){.id = 1,
	    .width = STACK_CONTENT_WIDTH,
	    .height = STACK_CONTENT_HEIGHT,
	    .at =
		vm_alloc_b(vm, STACK_CONTENT_WIDTH * STACK_CONTENT_HEIGHT * 4)};
	paint(stack, i);
	const bool is_shown =
	    gpu_create(vm, 1, 2, b->width, b->height) == ok &&
	    gpu_attach(vm, 1, b->at, b->width * b->height * 4) == ok &&
	    gpu_set_scanout(vm, 0, 1, gpu_all(b)) == ok &&
	    gpu_transfer(vm, 1, gpu_all(b), 0) == ok &&
	    gpu_flush(vm, 1, gpu_all(b)) == ok;
	return is_shown ? 0 : -EPIPE;
}

void
stack_revive(struct stack *stack)
{
	const int64_t deadline = now_ms() + STACK_DEADLINE_MS;

	for (uint32_t i = 0; i < STACK_DOMAINS; i++)
		while (!stack->is_up[i]) {
			stack->is_up[i] = boot(stack, i) == 0;
			if (now_ms() > deadline)
				give_up(stack, "a VM does not boot");
			if (!stack->is_up[i]) /* its socket is not there yet */
				(void)poll(NULL, 0, 2);
		}
}

void
stack_draw(struct stack *stack)
{
	for (uint32_t i = 0; i < STACK_DOMAINS; i++) {
		stack->seed = stack->seed * 1103515245 + 12345;
		const struct gpu_rect r = {
		    stack->seed >> 16 & 255, stack->seed >> 24 & 127, 32, 32};
		const uint64_t offset =
		    ((uint64_t)r.y * STACK_CONTENT_WIDTH + r.x) * 4;

		if (!stack->is_up[i])
			continue;
		stack->is_up[i] =
		    gpu_transfer(&stack->vms[i], 1, r, offset) == ok &&
		    gpu_flush(&stack->vms[i], 1, r) == ok;
		stack->n_draws += stack->is_up[i] ? 1 : 0;
	}
}

/* ------------------------------------------------------------------------ */
/* tdsctl								     */

/* One request and its answer; *fd: what came with it, or -1. */
static int
ask(struct stack *stack, const uint8_t *request, int len, uint32_t wanted,
    uint8_t *bytes, uint32_t size, struct rd *rd, int *fd)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct received r = {0};
	uint32_t op;

	snprintf(
	    a.sun_path, sizeof(a.sun_path), "%s/run/control.sock", stack->dir);
	const int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_true(sock >= 0 && len > 0);
	struct pollfd p = {.fd = sock, .events = POLLIN};
	int err =
	    connect(sock, (struct sockaddr *)&a, sizeof(a)) < 0 ? -errno : 0;
	if (err == 0)
		err = channel_send(sock, request, (uint32_t)len, NULL, 0);
	if (err == 0)
		err = poll(&p, 1, STACK_DEADLINE_MS) == 1 ? 0 : -ETIMEDOUT;
	if (err == 0)
		err = channel_receive(sock, bytes, size, &r);
	close(sock);
	if (err == 0)
		err = control_open(bytes, r.len, r.n_fds, &op, rd);
	if (err == 0 && op != wanted)
		err = -EAGAIN; /* "the display is starting" */
	if (err == 0 && r.n_fds == 1) {
		*fd = r.fds[0];
		r.fds[0] = -1;
	}
	received_finish(&r);
	return err;
}

int
stack_ask_status(struct stack *stack)
{
	static uint8_t bytes[CONTROL_MAX_BYTES];
	uint8_t request[8];
	struct rd rd;
	int fd = -1;
	const int err = ask(stack, request,
	    encode_empty(CTL_STATUS, request, sizeof(request)), CTL_REPORT,
	    bytes, sizeof(bytes), &rd, &fd);

	return err < 0 ? err : decode_ctl_report(&rd, &stack->status);
}

static int
ask_picture(struct stack *stack)
{
	static uint8_t bytes[CONTROL_MAX_BYTES];
	static struct ctl_picture picture;
	uint8_t request[8];
	struct rd rd;
	int fd = -1;
	const size_t size = STACK_WIDTH * STACK_HEIGHT * 4;
	int err = ask(stack, request,
	    encode_u32(CTL_SCREENSHOT, 0, request, sizeof(request)),
	    CTL_PICTURE, bytes, sizeof(bytes), &rd, &fd);

	if (err < 0)
		return err;
	err = decode_ctl_picture(&rd, &picture);
	if (err == 0)
		err = pread(fd, stack->pixels, size, 0) == (ssize_t)size ? 0
									 : -EIO;
	close(fd);
	stack->status = picture.status;
	return err;
}

static bool
all_shown(const struct stack *stack)
{
	const struct status *s = &stack->status;

	if (s->n_windows != STACK_DOMAINS)
		return false;
	for (uint32_t i = 0; i < s->n_windows; i++)
		if (!s->windows[i].has_picture)
			return false;
	return true;
}

void
stack_wait_shown(struct stack *stack)
{
	const int64_t deadline = now_ms() + STACK_DEADLINE_MS;

	for (;;) {
		stack_draw(stack);
		stack_revive(stack);
		if (stack_ask_status(stack) == 0 && all_shown(stack))
			return;
		if (now_ms() > deadline)
			give_up(stack, "not all domains are shown again");
		(void)poll(NULL, 0, 2);
	}
}

/* ------------------------------------------------------------------------ */
/* the judge								     */

void
stack_judge(struct stack *stack)
{
	const int64_t deadline = now_ms() + STACK_DEADLINE_MS;
	const struct status *s = &stack->status;
	uint32_t colours[STACK_DOMAINS];
	char name[32];

	if (!stack->judge)
		stack->judge = judge_open(stack_checker);
	while (ask_picture(stack) < 0) { /* the core is being started */
		if (now_ms() > deadline)
			give_up(stack, "no picture");
		(void)poll(NULL, 0, 2);
	}
	for (uint32_t i = 0; i < s->n_domains; i++)
		colours[i] = colour_of(i);
	snprintf(name, sizeof(name), "picture %u", ++stack->n_judged);
	judge_frame(stack->judge, name, s, 0, stack->pixels, colours);
}

bool
stack_verdict(struct stack *stack)
{
	FILE *judge = stack->judge;

	stack->judge = NULL;
	return judge_verdict(judge);
}
