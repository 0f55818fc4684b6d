/* Errors that reach a person. */
#include "common/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "common/say.h"

static const struct err_def {
	const char *name;
	const char *zh;
	const char *en;
	bool retryable;
} err_table[ERR_COUNT] = {
    [ERR_NONE] = {"none", "没有错误", "no error", false},
    [ERR_BAD_REQUEST] = {"bad_request", "请求格式不对",
	"the request is malformed", false},
    [ERR_UNKNOWN_STATEMENT] = {"unknown_statement", "服务器不认识这个查询",
	"the server has no such statement", false},
    [ERR_NOT_ALLOWED] = {"not_allowed", "您没有这项权限",
	"you are not allowed to do this", false},
    [ERR_BAD_ARGUMENT] = {"bad_argument", "填写的内容不对",
	"a value is not acceptable", false},
    [ERR_REFUSED] = {"refused", "操作被拒绝", "the write was refused", false},
    [ERR_CONFLICT] = {"conflict", "记录刚被别人修改,请核对后重试",
	"somebody changed the record meanwhile: compare and try again", false},
    [ERR_TIMEOUT] = {"timeout", "查询超时,请缩小范围",
	"this takes too long: narrow it down", true},
    [ERR_BUSY] = {"busy", "别人正在修改同一条记录,稍后自动重试",
	"somebody is changing the same record; try again in a moment", true},
    [ERR_UNAVAILABLE] = {"unavailable", "数据库暂时不可用,稍后自动重试",
	"the database is away; try again in a moment", true},
    [ERR_TOO_OLD] = {"too_old", "这笔修改超过30天,不再提交",
	"this write is older than 30 days and was not applied", false},
    [ERR_UNKNOWN_DEVICE] = {"unknown_device",
	"服务器不认识这台设备,请重新申请邀请",
	"the server does not know this device: ask for an invite", false},
    [ERR_REVOKED] = {"revoked", "这台设备的密钥已吊销",
	"this device's key was revoked", false},
    [ERR_INVITE_USED] = {"invite_used", "邀请已被使用",
	"the invite was used already", false},
    [ERR_INVITE_EXPIRED] = {"invite_expired", "邀请已过期",
	"the invite has expired", false},
    [ERR_VERSION] = {"version", "协议版本不一致",
	"the protocol versions differ", false},
    [ERR_FRAME_TOO_LONG] = {"frame_too_long", "消息过长", "a frame is too long",
	false},
    [ERR_STOPPING] = {"stopping", "服务器正在停止", "the server is stopping",
	true},
    [ERR_REPLACED] = {"replaced", "这把密钥在别处又打开了一个终端,本终端已断开",
	"this key was used for one more terminal, which took this one's place",
	false},
    [ERR_FULL] = {"full", "服务器终端数已满,稍后自动重试",
	"the server has as many terminals as it takes; try again later", true},
    [ERR_SYSTEM] = {"system", "系统调用失败", "a system call failed", false},
    [ERR_INTERNAL] = {"internal", "内部错误,已记入日志",
	"an internal error, which the server logged", false},
};

__attribute__((format(printf, 3, 0))) static int
err_fill(struct err *e, enum err_code code, const char *fmt, va_list ap)
{
	if (!e)
		return -1;
	e->code = code;
	e->field[0] = '\0';
	snprintf(e->name, sizeof(e->name), "%s", err_code_name(code));
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	return -1;
}

int
err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_fill(e, code, fmt, ap);
	va_end(ap);
	return -1;
}

int
err_errno(struct err *e, const char *fmt, ...)
{
	const char *reason = say_errno(errno);
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	err_fill(e, ERR_SYSTEM, fmt, ap);
	va_end(ap);
	if (e) {
		len = strlen(e->text);
		snprintf(e->text + len, sizeof(e->text) - len, ": %s", reason);
	}
	return -1;
}

const char *
err_code_name(enum err_code code)
{
	return err_table[code].name;
}

bool
err_is_retryable(enum err_code code)
{
	return err_table[code].retryable;
}

const char *
err_code_text(enum err_code code, const char *lang)
{
	if (strcmp(lang, "zh") == 0)
		return err_table[code].zh;
	return err_table[code].en;
}
