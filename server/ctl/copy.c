/* Copies a directory. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"
#include "server/ctl/groups.h"

static int
copy_bytes(int from, int to)
{
	char bytes[65536];
	ssize_t n, done, m;

	while ((n = read(from, bytes, sizeof(bytes))) > 0) {
		for (done = 0; done < n; done += m) {
			m = write(to, bytes + done, (size_t)(n - done));
			if (m < 0)
				return -1;
		}
	}
	return n < 0 ? -1 : fsync(to);
}

static int
copy_file(const char *from, const char *to, mode_t mode, struct err *e)
{
	int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), out, status;

	if (in < 0)
		return err_errno(e, "%s", from);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 0777);
	if (out < 0 && errno == EEXIST) {
		close(in);
		return 0;
	}
	status = out < 0 ? -1 : copy_bytes(in, out);
	if (status < 0)
		err_errno(e, "%s", to);
	if (out >= 0)
		close(out);
	close(in);
	return status;
}

static int
copy_entry(const char *from, const char *to, struct err *e)
{
	struct stat st;

	if (lstat(from, &st) < 0)
		return err_errno(e, "%s", from);
	if (S_ISDIR(st.st_mode))
		return ctl_copy_tree(from, to, e);
	return S_ISREG(st.st_mode) ? copy_file(from, to, st.st_mode, e) : 0;
}

int
ctl_copy_tree(const char *from, const char *to, struct err *e)
{
	struct dirent *entry;
	char *a, *b;
	int status = 0;
	DIR *d = opendir(from);

	if (!d)
		return err_errno(e, "%s", from);
	if (mkdir(to, 0755) < 0 && errno != EEXIST)
		status = err_errno(e, "%s", to);
	while (status == 0 && (entry = readdir(d))) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		a = xasprintf("%s/%s", from, entry->d_name);
		b = xasprintf("%s/%s", to, entry->d_name);
		status = copy_entry(a, b, e);
		free(a);
		free(b);
	}
	closedir(d);
	return status;
}

static int
remove_entry(const char *path, const struct stat *st, int what, struct FTW *at)
{
	(void)st;
	(void)what;
	(void)at;
	return remove(path);
}

void
ctl_remove_tree(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}
