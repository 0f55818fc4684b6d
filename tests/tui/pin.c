/* pin KEY ADDRESS SERVERKEY: tells a key file whose server it belongs to, as
 * `firebreak join` does with an invite's line. */
#include <stdio.h>
#include <string.h>

#include "common/keyfile.h"
#include "common/log.h"

int
main(int argc, char **argv)
{
	struct keyfile *k;
	struct err e;
	uint8_t server[32];

	if (argc < 4 || argc > 5 || strlen(argv[3]) != 2 * sizeof(server))
		fatalx("usage: pin KEY ADDRESS SERVERKEY [PASSPHRASE]");
	for (size_t i = 0; i < sizeof(server); i++)
		if (sscanf(argv[3] + 2 * i, "%2hhx", &server[i]) != 1)
			fatalx("not a key in hex: %s", argv[3]);
	k = keyfile_load(argv[1], NULL, &e);
	if (!k)
		fatalx("%s: %s", argv[1], e.text);
	keyfile_set_server(k, argv[2], server);
	if (keyfile_save(k, argv[1], argv[4], &e) != 0)
		fatalx("%s: %s", argv[1], e.text);
	keyfile_free(k);
	return 0;
}
