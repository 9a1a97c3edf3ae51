/*
 * replay FILE-OR-FOLDER...: run a fuzz target on inputs that are kept, in a
 * build without libFuzzer; then on a fixed series of random ones, so that the
 * target itself is known to run. Prints how many.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_BYTES = 1 << 20, RANDOM_INPUTS = 20000, RANDOM_BYTES = 128 };

static uint8_t input[INPUT_BYTES];

static int
replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");

	if (!f) {
		perror(path);
		return -1;
	}
	const size_t n = fread(input, 1, sizeof(input), f);
	fclose(f);
	LLVMFuzzerTestOneInput(input, n);
	return 1;
}

static int
replay_folder(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	if (!dir) {
		perror(path);
		return -1;
	}
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		char name[4096];
		if (e->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		const int one = replay_file(name);
		if (one < 0) {
			n = -1;
			break;
		}
		n += one;
	}
	closedir(dir);
	return n;
}

static void
replay_random(void)
{
	uint64_t seed = 0x9e3779b97f4a7c15u;

	for (int i = 0; i < RANDOM_INPUTS; i++) {
		for (int at = 0; at < RANDOM_BYTES; at++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			input[at] = (uint8_t)(seed >> 32);
		}
		LLVMFuzzerTestOneInput(input, seed % RANDOM_BYTES);
	}
}

int
main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		struct stat st;
		if (stat(argv[i], &st) < 0) {
			perror(argv[i]);
			return 1;
		}
		const int n = S_ISDIR(st.st_mode) ? replay_folder(argv[i])
						  : replay_file(argv[i]);
		if (n < 0)
			return 1;
		total += n;
	}
	replay_random();
	printf("%d kept inputs, %d random ones\n", total, RANDOM_INPUTS);
	return total > 0 ? 0 : 1;
}
