/*
 * world: the fixture of every abuse test: a victim with a booted VM, and a
 * bystander of another domain that must never notice anything.
 *
 * world_setup/world_teardown are cmocka's per-test functions; the bystander
 * lives as long as the group. The teardown demands that the victim still
 * lives and serves a new VM, unless the test said world_may_end(), and that
 * the bystander draws, has logged nothing and kept its descriptors.
 */
#pragma once

#include "tests/abuse/fake_gpu.h"

#include "tests/abuse/check.h"

enum {
	WORLD_WIDTH = 640,
	WORLD_HEIGHT = 400,
	WORLD_SCANOUTS = 2,
	WORLD_POOL = 16 << 20,
};

struct world {
	struct host host;
	struct vm vm;
	struct gpu_buffer screen; /* on scanout 0, resource 1 */
	bool may_end;		  /* the process */
};

int world_group_setup(void **state);
int world_group_teardown(void **state);
/* A started tds-guest, no VM. */
int world_setup(void **state);
/* The same with a VM booted and a screen of 320x200 shown. */
int world_setup_vm(void **state);
int world_teardown(void **state);

/* This test's victim may end: its VM was dropped by exiting. */
void world_may_end(struct world *world);
/*
 * The victim dropped its VM: dev's connection is closed, at least one and at
 * most max_lines log lines since `from` name the domain, one of them holding
 * text; it did not crash.
 */
void world_expect_drop(
    struct world *world, struct dev *dev, size_t from, const char *text);
/* A new process in place of the victim; no VM. */
void world_renew(struct world *world);
/*
 * (Re)connect one device and negotiate; retried while the back end still
 * counts the old connection as alive. 0 or -errno.
 */
int world_realize(struct world *world, enum host_socket which);
/* Its open descriptors, once it has done all that it was told. */
uint32_t world_count_fds(struct world *world);
/* Boot a fresh VM on the same tds-guest and draw with it. */
void world_reboot(struct world *world);
/* The same VM answers and draws. */
void world_expect_alive(struct world *world);
/* No crash, no sanitizer report, no own bug in the log. */
void world_check_log(const struct host *host);

#define world_test(name)                                                       \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
#define world_test_vm(name)                                                    \
	cmocka_unit_test_setup_teardown(name, world_setup_vm, world_teardown)
/* main() of every abuse test program */
#define WORLD_MAIN(tests)                                                      \
	int main(int argc, char **argv)                                        \
	{                                                                      \
		if (argc != 2)                                                 \
			return 2;                                              \
		host_program = argv[1];                                        \
		return cmocka_run_group_tests(                                 \
		    tests, world_group_setup, world_group_teardown);           \
	}
