/* Any bytes as a mapping: it is read, or every fault is named. */
#include <stdint.h>
#include <stdlib.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/mem.h"
#include "server/import/mapping.h"

static struct import_field fields[] = {
    {"thing", "name", "text", true, NULL},
    {"thing", "price", "money", false, NULL},
    {"thing", "extra", "extra", false, NULL},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct import_catalogue c = {fields, COUNT_OF(fields)};
	struct diags *d = diags_new();
	struct mapping *m =
	    mapping_parse("fuzz.yaml", (const char *)data, size, &c, d);
	struct buf out = {0};

	if (!m && diags_errors(d) == 0)
		abort();
	diags_print(d, &out);
	buf_clear(&out);
	mapping_free(m);
	diags_free(d);
	return 0;
}
