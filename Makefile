# Muster. `make help` lists the targets. V=1 shows the commands, VARIANT= and CC= choose a build,
# WERROR=1 turns warnings into errors, your CFLAGS and LDFLAGS come last. Output goes to build/$(VARIANT).

VARIANT  ?= debug
VARIANTS := debug release asan msan m32 fuzz coverage
$(if $(filter $(VARIANT),$(VARIANTS)),,$(error unknown VARIANT=$(VARIANT); known: $(VARIANTS)))

# The core and the plain adapter need no library: these two variants build nothing else.
CORE_ONLY := $(filter msan m32,$(VARIANT))
USUAL_CC  := $(if $(filter msan fuzz,$(VARIANT)),clang,gcc)
ifeq ($(origin CC),default)
CC := $(USUAL_CC)
endif
# A BUILD of your own (make BUILD=build/mine) is the root of the other variants too.
ROOT  := $(if $(filter undefined,$(origin BUILD)),build,$(BUILD))
BUILD ?= build/$(VARIANT)$(if $(filter-out $(USUAL_CC),$(CC)),-$(notdir $(lastword $(CC))))
Q     := $(if $(V),,@)
say    = @$(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),:,printf '  %-5s %s\n' $(1) $(2))
sub    = $(MAKE) --no-print-directory VARIANT=$(1) BUILD=$(ROOT)/$(1)

STD  := -std=c11 -D_POSIX_C_SOURCE=200809L
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wcast-align \
        -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wundef -Wvla \
        -Wswitch-enum -Wformat=2 -Wimplicit-fallthrough -Wnull-dereference $(if $(WERROR),-Werror)
SAN  := -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_debug    := -O0 -g3
# Across files a third of the core's own instructions goes away; fat objects, so that nm still sees what is called.
LTO_gcc         := -O3 -flto=auto -ffat-lto-objects
CFLAGS_release  := $(or $(LTO_$(notdir $(lastword $(CC)))),-O2) -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 \
                   -fstack-protector-strong -fPIE
LDFLAGS_release := -pie -Wl,-z,relro,-z,now
CFLAGS_asan     := -O1 -g3 -fsanitize=address,undefined $(SAN)
CFLAGS_msan     := -O1 -g3 -fsanitize=memory -fsanitize-memory-track-origins $(SAN)
CFLAGS_m32      := -m32 -O1 -g
CFLAGS_fuzz     := -O1 -g3 -fsanitize=fuzzer-no-link,address,undefined $(SAN)
CFLAGS_coverage := -O0 -g --coverage

PKGS := libsodium jansson
PC   := $(shell pkg-config --cflags $(PKGS) 2>&1)
LIBS := $(shell pkg-config --libs $(PKGS) 2>&1)
# What pkg-config cannot say is said by ci/check_libs.sh, in one line, before the first file that needs it.
$(foreach v,PC LIBS,$(if $(findstring not,$($(v))),$(eval $(v) :=)))
CRYPTO_LIBS := -lmbedcrypto $(or $(filter %sodium,$(LIBS)),-lsodium)
JSON_LIBS   := $(or $(filter %jansson,$(LIBS)),-ljansson)

# Rooms. An include path per room is what the room may know; ci/layers.sh checks what -I cannot.
c_in     = $(sort $(wildcard $(1)))
objs     = $(patsubst %.c,$(BUILD)/%.o,$(1))
LIB_O   := $(call objs,$(call c_in,peers/lib/*.c))
REAL_O  := $(call objs,$(call c_in,peers/lib/crypto/mbedtls.c))
PLAIN_O := $(call objs,$(call c_in,peers/lib/crypto/plain.c))
TESTS_C := $(call c_in,peers/tests/test_*.c)
PLAIN_C := $(call c_in,peers/tests/plain/test_*.c)
HELP_O  := $(call objs,$(filter-out $(TESTS_C),$(call c_in,peers/tests/*.c)))
VEC_O   := $(call objs,$(call c_in,vectors/*.c))
CLI_O   := $(call objs,$(call c_in,harness/cli/*.c))
IO_O    := $(call objs,$(call c_in,peers/io/*.c))
PEER_O  := $(call objs,$(call c_in,peers/bin/muster-peer/*.c))
ROOMS   := lab observe adversary runner report
HARN_O  := $(call objs,$(call c_in,$(ROOMS:%=harness/%/*.c)))
FUZZ_C  := $(call c_in,fuzz/targets/*.c)
FHELP_O := $(call objs,$(filter-out fuzz/main_replay.c,$(call c_in,fuzz/*.c)))
MAIN_O  := $(BUILD)/fuzz/main_replay.o
LIB     := $(BUILD)/libgosc.a
REAL_T  := $(patsubst %.c,$(BUILD)/%,$(TESTS_C))
PLAIN_T := $(patsubst %.c,$(BUILD)/%,$(PLAIN_C))
BARE_T  := $(patsubst %.c,$(BUILD)/bare/%,$(TESTS_C))
IO_T    := $(patsubst %.c,$(BUILD)/%,$(call c_in,peers/tests/io/test_*.c))
HARN_T  := $(patsubst %.c,$(BUILD)/%,$(call c_in,harness/tests/*/test_*.c))
HHELP_O := $(filter-out $(HARN_T:=.o),$(call objs,$(call c_in,harness/tests/*/*.c)))
PROGRAMS = $(PLAIN_T) $(if $(CORE_ONLY),$(sort $(wildcard $(BARE_T))),$(REAL_T) $(IO_T) $(HARN_T))
# Targets beside another decoder link it; the real adapter is for those that seal. X_libcoap shares the corpus of X.
FUZZ_T  := $(filter-out $(if $(CORE_ONLY),%_libcbor %_libcoap),$(FUZZ_C:fuzz/targets/%.c=%))
PROGS_T := $(FUZZ_T:%=plain/%) $(if $(CORE_ONLY),,$(patsubst %,real/%,$(filter context rederive roundtrip sealed_% unprotect_raw,$(FUZZ_T))))
REPLAYS := $(PROGS_T:%=$(BUILD)/replay/%)
FUZZERS := $(PROGS_T:%=$(BUILD)/fuzzer/%)

$(BUILD)/peers/lib/%.o:        INC :=
$(BUILD)/peers/lib/crypto/%.o: INC := -iquote peers/lib $(filter %sodium,$(PC))
$(BUILD)/peers/io/%.o:         INC := -iquote peers/lib
$(BUILD)/peers/bin/%.o:        INC := -iquote peers/lib -iquote peers/io -iquote vectors $(PC)
$(BUILD)/peers/tests/%.o:      INC := -iquote peers/lib -iquote peers/tests
$(BUILD)/peers/tests/io/%.o:   INC := -iquote peers/lib -iquote peers/tests -iquote peers/io
$(BUILD)/vectors/%.o:          INC := -iquote $(BUILD)/include $(PC)
$(BUILD)/harness/%.o:          INC := -iquote $(BUILD)/include -iquote vectors -iquote harness $(ROOMS:%=-iquote harness/%) $(PC)
$(BUILD)/harness/tests/%.o:    INC += -iquote peers/tests
$(BUILD)/fuzz/%.o:             INC := -iquote peers/lib -iquote fuzz

# Feedback for the fuzzer comes from the library alone: what the harness does beside it only costs time.
ifeq ($(VARIANT)-$(notdir $(CC)),fuzz-clang)
$(FHELP_O) $(PLAIN_O): private CFLAGS_fuzz += -fno-sanitize=fuzzer-no-link
endif

COMPILE = $(CC) $(STD) $(WARN) $(CFLAGS_$(VARIANT)) $(INC) $(CPPFLAGS) $(CFLAGS)
LINK    = $(CC) $(CFLAGS_$(VARIANT)) $(LDFLAGS_$(VARIANT)) $(CFLAGS) $(LDFLAGS)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
.PHONY: FORCE

all: $(if $(CORE_ONLY),$(LIB),muster $(if $(PEER_O),$(BUILD)/muster-peer)) ## build the muster command (or only the core: VARIANT=msan, m32)

muster: $(BUILD)/muster ## build the muster command in build/$(VARIANT)

run: ## build the release command and run the whole suite: vectors, then scenarios in the lab
	$(Q)$(call sub,release) all
	$(Q)s=0; $(ROOT)/release/muster vectors || s=$$?; $(ROOT)/release/muster run --report $(ROOT)/report || s=$$?; exit $$s

vectors: muster ## replay the vectors with this VARIANT
	$(Q)$(BUILD)/muster vectors

tests: $(LIB) $(PLAIN_T) $(if $(CORE_ONLY),bare,$(REAL_T) $(IO_T) $(HARN_T)) ## build the test programs of this VARIANT

check: tests ## build and run the test programs of this VARIANT
	$(Q)sh ci/tally programs '$(VARIANT)' $$($(MAKE) -s list-tests)

list-tests:
	@printf '%s\n' $(PROGRAMS)

test: ## everything a change must pass (what ci/test calls)
	$(Q)sh ci/suite.sh test $(ROOT)

nightly: ## test, and what takes longer: fuzz campaigns, analysers, mutants, coverage
	$(Q)sh ci/suite.sh nightly $(ROOT)
layers: ## check that peers/lib calls no I/O, clock or allocator, and who includes whom
	$(Q)$(MAKE) -s VARIANT=release BUILD=$(ROOT)/layers CFLAGS=-fno-lto $(ROOT)/layers/libgosc.a
	$(Q)sh ci/layers.sh $(ROOT)/layers/libgosc.a

mutants: ## is every seeded fault caught, for the named reason?
	$(Q)if [ -x harness/mutants/run ]; then exec harness/mutants/run; else exec python3 harness/mutants/run.py; fi

interop-deps: ## install the third-party stacks of interop/ under build/, pinned
	$(Q)sh ci/interop-deps $(ROOT)

debian13: ## build and test in a Debian 13 tree (Mbed TLS 3.6, gcc 14); needs root
	$(Q)sh ci/debian.sh build-and-test $(ROOT)

bare12 bare13: ## a bare Debian 12 or 13: clone HEAD there, run ci/start and ci/test; needs root
	$(Q)sh ci/debian.sh fresh-machine $(ROOT) $(if $(filter bare12,$@),bookworm,trixie)

footprint: ## code, static RAM and stack of the core on a Cortex-M4
	$(Q)sh ci/footprint.sh $(ROOT)/footprint

fuzzers: $(FUZZERS) ## build the fuzz targets (VARIANT=fuzz)
replays: $(REPLAYS) ## build the fuzz targets with a main that replays files (any compiler)

fuzz-replay: replays ## replay corpora and past finds
	$(Q)sh ci/fuzz.sh replay $(BUILD)/replay

fuzz-smoke fuzz: ## all fuzz targets for FUZZ_SECONDS: smoke 60 in all, fuzz 1800 each
	$(Q)$(call sub,fuzz) fuzzers
	$(Q)sh ci/fuzz$(if $(filter fuzz,$@),.sh campaign,_smoke.sh) $(ROOT)/fuzz/fuzzer $(or $(FUZZ_SECONDS),$(if $(filter fuzz,$@),1800,60))

format: ## format the C sources (clang-format 14)
	$(Q)sh ci/format.sh write
format-check: ## say which C sources are not formatted
	$(Q)sh ci/format.sh check

analyze: ## clang --analyze and gcc -fanalyzer; a finding is an error
	$(Q)$(MAKE) -s VARIANT=debug BUILD=$(ROOT)/analyze-gcc CC=gcc WERROR=1 CFLAGS='-O1 -fanalyzer' objects
	$(Q)$(MAKE) -s VARIANT=debug BUILD=$(ROOT)/analyze-clang CC=clang WERROR=1 objects \
	  CFLAGS='--analyze --analyzer-output text -Xclang -analyzer-werror'

objects: $(LIB_O) $(REAL_O) $(PLAIN_O) $(VEC_O) $(CLI_O) $(HARN_O) $(IO_O) $(PEER_O)

valgrind: tests ## the test programs of this VARIANT under valgrind
	$(Q)sh ci/tally valgrind 'valgrind' $$($(MAKE) -s list-tests)

coverage: ## branch coverage of peers/lib by tests and vectors
	$(Q)$(call sub,coverage) tests muster
	$(Q)sh ci/coverage.sh $(ROOT)/coverage

bench: ## cost of every operation, beside its physical limit
	$(Q)$(call sub,release) muster
	$(Q)$(ROOT)/release/muster bench

help: ## list the targets
	@awk -F':.*## ' '/^[a-z0-9 -]+:.*## /{printf "  %-15s %s\n",$$1,$$2}' $(MAKEFILE_LIST)

clean: ## remove what was built (debian trees stay; remove build/ by hand for those)
	$(Q)for d in $(addprefix $(ROOT)/,$(VARIANTS) *-gcc *-clang layers footprint suite); do rm -rf "$$d"; done

# ---- objects ----

# Objects are made again when compiler or flags change; the file keeps its date otherwise.
$(BUILD)/flags: INC :=
$(BUILD)/flags: FORCE
	@mkdir -p $(@D); echo '$(COMPILE) $(LDFLAGS)' >$@.new; if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# All that vectors and harness see of peers/lib.
$(BUILD)/include/gosc.h:
	@mkdir -p $(@D); printf '#include "%s/peers/lib/gosc.h"\n' '$(CURDIR)' >$@

$(BUILD)/libs: ci/check_libs.sh
	$(Q)mkdir -p $(@D); sh ci/check_libs.sh $(CC) && touch $@

$(REAL_O) $(VEC_O) $(CLI_O) $(HARN_O) $(HARN_T:=.o) $(HHELP_O): | $(BUILD)/libs $(BUILD)/include/gosc.h

$(BUILD)/%.o: %.c $(BUILD)/flags
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D); $(COMPILE) -MMD -MP -c $< -o $@

# ---- programs ----

define link
$(call say,LINK,$@)
$(Q)mkdir -p $(@D); $(LINK) -o $@ $(filter %.o,$^) $(LIB) $(1)
endef

$(LIB): $(LIB_O)
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D); rm -f $@; ar rcs $@ $^

$(BUILD)/muster: $(CLI_O) $(if $(wildcard harness/cli/run.c),$(HARN_O)) $(VEC_O) $(REAL_O) $(LIB)
	$(call link,$(CRYPTO_LIBS) $(JSON_LIBS))
$(BUILD)/muster-peer: $(PEER_O) $(IO_O) $(VEC_O) $(REAL_O) $(LIB)
	$(call link,$(CRYPTO_LIBS) $(JSON_LIBS) -lsqlite3)
$(IO_T): $(BUILD)/%: $(BUILD)/%.o $(IO_O) $(REAL_O) $(LIB)
	$(call link,$(CRYPTO_LIBS) -lsqlite3)
$(HARN_T): $(BUILD)/%: $(BUILD)/%.o $(HHELP_O) $(HARN_O) $(VEC_O) $(REAL_O) $(LIB)
	$(call link,$(CRYPTO_LIBS) $(JSON_LIBS))
$(REAL_T): $(BUILD)/%: $(BUILD)/%.o $(HELP_O) $(REAL_O) $(LIB)
	$(call link,$(CRYPTO_LIBS))
$(PLAIN_T): $(BUILD)/%: $(BUILD)/%.o $(HELP_O) $(PLAIN_O) $(LIB)
	$(call link,)

# A fuzz target named after an oracle links it.
ORACLE_libcoap := -lcoap-3-notls
ORACLE_libcbor := -lcbor
oracle = $(ORACLE_$(lastword $(subst _, ,$*)))

# Without the real adapter: the test programs that need no cryptography at all.
bare: $(call objs,$(TESTS_C)) $(HELP_O) $(LIB)
	$(Q)sh ci/link_bare.sh $(BUILD) '$(LINK)' '$(HELP_O) $(LIB)' $(TESTS_C:%.c=%)

$(BUILD)/fuzzer/plain/%: $(BUILD)/fuzz/targets/%.o $(FHELP_O) $(PLAIN_O) $(LIB)
	$(call link,-fsanitize=fuzzer $(oracle))
$(BUILD)/fuzzer/real/%: $(BUILD)/fuzz/targets/%.o $(FHELP_O) $(REAL_O) $(LIB)
	$(call link,-fsanitize=fuzzer $(CRYPTO_LIBS) $(oracle))
$(BUILD)/replay/plain/%: $(BUILD)/fuzz/targets/%.o $(MAIN_O) $(FHELP_O) $(PLAIN_O) $(LIB)
	$(call link,$(oracle))
$(BUILD)/replay/real/%: $(BUILD)/fuzz/targets/%.o $(MAIN_O) $(FHELP_O) $(REAL_O) $(LIB)
	$(call link,$(CRYPTO_LIBS) $(oracle))

.PHONY: list-tests objects bare $(shell sed -nE 's/^([a-z0-9 -]+):.*## .*/\1/p' $(firstword $(MAKEFILE_LIST)))
-include $(wildcard $(patsubst %,$(BUILD)/%/*.d,peers/lib peers/lib/crypto peers/io peers/bin/* peers/tests peers/tests/* vectors harness/* harness/tests/* fuzz fuzz/targets))
