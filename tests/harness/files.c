/* Files and directories for tests. */
#include "tests/harness/harness.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"

#define TEMP_DIRS_MAX 64

static char *temp_dirs[TEMP_DIRS_MAX];
static size_t temp_dirs_count;
static pid_t temp_dirs_owner; /* forked children leave them alone */

char *
harness_data(const char *path)
{
	const char *root = getenv("FIREBREAK_DATA");
	char *full =
	    xasprintf("%s/%s", root && *root ? root : "../shared/data", path);

	if (access(full, R_OK) == 0)
		return full;
	free(full);
	return NULL;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
remove_temp_dirs(void)
{
	size_t i;

	if (getpid() != temp_dirs_owner)
		return;
	for (i = 0; i < temp_dirs_count; i++) {
		nftw(temp_dirs[i], remove_one, 16, FTW_DEPTH | FTW_PHYS);
		free(temp_dirs[i]);
	}
}

char *
harness_temp_dir(void)
{
	char name[] = "/tmp/firebreak-test.XXXXXX";

	if (temp_dirs_count == TEMP_DIRS_MAX)
		fatalx(
		    "a test may have %d temporary directories", TEMP_DIRS_MAX);
	if (!mkdtemp(name))
		fatal("%s", name);
	if (temp_dirs_count == 0) {
		temp_dirs_owner = getpid();
		atexit(remove_temp_dirs);
	}
	temp_dirs[temp_dirs_count++] = xstrdup(name);
	return xstrdup(name);
}

char *
harness_path(const char *dir, const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

int
harness_read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	while ((n = read(fd, buf_reserve(out, 65536), 65536)) > 0)
		out->len += (size_t)n;
	close(fd);
	return n < 0 ? -1 : 0;
}

void
harness_write_file(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "we");

	if (!f || fwrite(data, 1, len, f) != len || fclose(f) != 0)
		fatal("%s", path);
}

void
harness_write_text(const char *path, const char *text)
{
	harness_write_file(path, text, strlen(text));
}
