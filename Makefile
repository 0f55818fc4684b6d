# firebreak: `make demo` shows it, `make check` proves it, `make help` lists
# the rest.  GNU make, no configure step.
V      ?= plain
B      := build/$(V)
PREFIX ?= /usr/local
PKGS   := libpq libsodium yaml-0.1 libevent_core libevent_extra libcbor \
          ncursesw libutf8proc libcsv uchardet
PG_BIN ?= $(shell pg_config --bindir 2>/dev/null)

CC     := gcc
CFLAGS ?= -O2 -g
WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
          -Wconversion -Wno-sign-conversion -Wformat=2 -Wvla \
          $(if $(CI),-Werror)
DEFS   := -D_GNU_SOURCE -DFB_VERSION='"0.1.0"' -DFB_PG_BIN='"$(PG_BIN)"' \
          -DFB_SHARE='"$(PREFIX)/share/firebreak"'
SAN    := -fsanitize=address,undefined -fno-sanitize-recover=undefined \
          -fno-omit-frame-pointer -Wno-format-truncation
ifeq ($(V),asan)
CFLAGS := -O1 -g $(SAN)
LDFLAGS += $(SAN)
endif
ifeq ($(V),fuzz)
CC     := clang
CFLAGS := -O1 -g -fsanitize=fuzzer-no-link,address,undefined
LDFLAGS += -fsanitize=fuzzer,address,undefined
endif
# libraries that pkg-config does not know carry only a header and an archive
HAVE   := $(shell for p in $(PKGS); do pkg-config --exists $$p 2>/dev/null \
            && echo $$p; done)
LIBS   := $(shell pkg-config --libs $(HAVE) 2>/dev/null) -lcsv -lm
CPPFLAGS += -I. $(DEFS) $(shell pkg-config --cflags $(HAVE) 2>/dev/null)

COMMON := $(wildcard common/*.c)
SERVER := $(filter-out server/firebreakd.c server/firebreakctl.c \
            server/fieldforce.c, \
            $(wildcard server/*.c server/*/*.c))
TUI    := $(filter-out tui/firebreak.c, $(wildcard tui/*.c tui/*/*.c))
SQL    := $(sort $(wildcard sql/schema/*.sql sql/api/*/*.sql sql/*.sql))
UNIT   := $(wildcard tests/unit/*_test.c)
FUZZ   := $(wildcard tests/fuzz/*_fuzz.c)
HARNESS := $(wildcard tests/harness/*.c)
PROBES := $(patsubst tests/%.c,$B/tests/%,$(wildcard tests/fault/*.c \
            tests/bench/*.c tests/server/*.c tests/proto/*.c tests/tui/*.c))
PROGRAMS := $B/firebreakd $B/firebreakctl $B/firebreak
obj     = $(patsubst %.c,$B/%.o,$(1))
LIBRARY := $(call obj,$(COMMON) $(SERVER) $(TUI)) $B/sql.o

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: FORCE all tests fuzzers demo check fuzz lint format bench install clean help

all: $(PROGRAMS)          ## build the three programs

$B/%.o: %.c
	@mkdir -p $(@D)
	@echo "CC $<"
	@$(CC) -std=c11 $(CPPFLAGS) $(CFLAGS) $(WARN) -MMD -MP -c -o $@ $<

# where the packs are installed is compiled in
$B/server/conf.o $B/server/ctl/setup.o: $B/prefix
$B/prefix: FORCE
	@mkdir -p $(@D); echo "$(PREFIX)" | cmp -s - $@ || echo "$(PREFIX)" >$@

# every SQL file is part of the binary; server/sqlfile.h reads the table
$B/sql.S: $(SQL) sql/embed.sh
	@mkdir -p $(@D)
	@sh sql/embed.sh $(SQL) > $@
$B/sql.o: $B/sql.S
	@$(CC) -c -o $@ $<

$B/libfirebreak.a: $(LIBRARY)
	@rm -f $@
	@$(AR) rcs $@ $^

$B/firebreak: $(call obj,tui/firebreak.c) $B/libfirebreak.a
	@echo "LD $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)
$B/firebreakd $B/firebreakctl: $B/%: $(call obj,server/%.c) $B/libfirebreak.a
$B/firebreakd: $B/server/firebreakd.o
$B/firebreakctl: $B/server/firebreakctl.o
$B/fieldforce: $B/server/fieldforce.o $B/libfirebreak.a
$B/fieldforce $B/firebreakd $B/firebreakctl:
	@echo "LD $@"
	@$(CC) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LIBS)

$B/tests/%: $B/tests/%.o $(call obj,$(HARNESS)) $B/libfirebreak.a
	@echo "LD $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka -lvterm -ljansson

tests: $(PROGRAMS) $(patsubst tests/%.c,$B/tests/%,$(UNIT)) $(PROBES)

fuzzers: $(patsubst tests/%.c,$B/tests/%,$(FUZZ))

demo:                     ## a company, a field force and your terminal
	@sh tests/deps.sh run
	@$(MAKE) --no-print-directory -s all $B/fieldforce
	@sh server/demo.sh "$(if $(filter default,$(origin AS)),supervisor,$(AS))" $B

check:                    ## everything that must hold, under ten minutes
	@sh tests/deps.sh check
	@CI=1 sh tests/run.sh

fuzz:                     ## the fuzzers, longer (SECONDS=600 each)
	@FUZZ_SECONDS=$(or $(SECONDS),600) sh tests/fuzz/run.sh

lint:                     ## layering, libraries, scale rules, format, tidy
	@sh tests/lint.sh

format:                   ## rewrite every C file in the house format
	@git ls-files '*.c' '*.h' | xargs clang-format -i

bench:                    ## one line per figure: name value unit
	@sh tests/deps.sh check
	@sh tests/bench/run.sh

install: all              ## DESTDIR and PREFIX are obeyed
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/firebreak
	install -m755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	cp -r server/packs $(DESTDIR)$(PREFIX)/share/firebreak/
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed "s,/usr/local,$(PREFIX)," server/firebreakd.service \
	    > $(DESTDIR)$(PREFIX)/lib/systemd/system/firebreakd.service
	for m in docs/*.[158]; do s=$${m##*.}; install -Dm644 $$m \
	    $(DESTDIR)$(PREFIX)/share/man/man$$s/$${m##*/}; done

clean:                    ## remove what was built
	rm -rf build

help:                     ## this list
	@sed -n 's/^\([a-z]*\):.*## */\1\t/p' Makefile | expand -t 12

-include $(shell find $B -name '*.d' 2>/dev/null)
