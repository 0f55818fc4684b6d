/* Sentences for the person at the console. */
#include "common/say.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/mem.h"

static bool chinese;

void
say_language(const char *lang)
{
	chinese = strncmp(lang, "zh", 2) == 0;
}

const char *
say(const char *zh, const char *en)
{
	return chinese ? zh : en;
}

static const struct errno_def {
	int code;
	const char *zh;
} errno_table[] = {
    {EACCES, "没有权限"},
    {EPERM, "不允许这样做"},
    {ENOENT, "没有这个文件或目录"},
    {EEXIST, "已经存在"},
    {ENOTDIR, "不是目录"},
    {EISDIR, "是目录,不是文件"},
    {ENOTEMPTY, "目录不是空的"},
    {ENOSPC, "磁盘已满"},
    {EDQUOT, "超出磁盘配额"},
    {EROFS, "文件系统只读"},
    {EIO, "读写出错"},
    {EMFILE, "打开的文件太多"},
    {ENOMEM, "内存不足"},
    {EINVAL, "参数无效"},
    {ENAMETOOLONG, "名称太长"},
    {ELOOP, "符号链接成环"},
};

const char *
say_errno(int code)
{
	size_t i;

	for (i = 0; chinese && i < COUNT_OF(errno_table); i++) {
		if (errno_table[i].code == code)
			return errno_table[i].zh;
	}
	return strerror(code);
}
