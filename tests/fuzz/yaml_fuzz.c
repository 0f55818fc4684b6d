/* common/yaml: a tree or at least one fault, never both, and every fault can
 * be printed. */
#include <stdlib.h>

#include "common/buf.h"
#include "common/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
walk(const struct yaml *node)
{
	size_t i;

	if (node->at.line < 1 || node->at.column < 1 ||
	    (node->kind == YAML_TEXT) != (node->text != NULL))
		abort();
	for (i = 0; i < node->count; i++) {
		walk(&node->items[i]);
		if (node->kind == YAML_MAP &&
		    !yaml_get(node, node->keys[i].text))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diags *d = diags_new();
	struct yaml_doc *doc =
	    yaml_parse("fuzz.yaml", (const char *)data, size, d);
	struct buf out = {0};

	if ((doc != NULL) == (diags_errors(d) > 0))
		abort();
	if (doc)
		walk(&doc->root);
	diags_print(d, &out);
	diags_print_json(d, &out);
	buf_clear(&out);
	yaml_unload(doc);
	diags_free(d);
	return 0;
}
