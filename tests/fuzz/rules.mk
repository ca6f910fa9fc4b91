# SPDX-License-Identifier: MIT
#
# Fuzzing what reads files that others made: the PE loader and the .reg parser.
#
#   make fuzz FUZZ=pe FUZZ_SECONDS=600     fuzzes one of them (pe or reg) from its corpus, with address
#                                          and undefined-behaviour sanitizers; ends with 0 if nothing was found
#   make fuzz-keep FUZZ=pe                 puts what it learnt into tests/fuzz/pe.txt, as few inputs as
#                                          reach the same code
#
# `make test` replays both corpora: tests/host/test_fuzz_*.c. An input that broke something lies in
# build/fuzz; it goes into the corpus with fuzz-keep once the code is mended.

FUZZ ?= reg
FUZZ_SECONDS ?= 600
FUZZ_CC ?= clang
FUZZ_BUILD := build/fuzz
FUZZ_LONGEST_pe := 20000
FUZZ_LONGEST_reg := 4096

ifneq ($(filter fuzz%,$(GOALS)),)
ifeq ($(FUZZ_LONGEST_$(FUZZ)),)
$(error FUZZ=$(FUZZ): expected pe or reg)
endif

# The sources that the replay names.
FUZZ_SOURCES := $(shell PERL5LIB=tests/lib perl -MVerdict \
    -e 'print join " ", Verdict::words_of("tests/host/test_fuzz_$(FUZZ).c", "SOURCES")')

# -fshort-wchar: miniports have 16-bit characters.
FUZZ_FLAGS := -std=gnu11 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
    -fshort-wchar -fno-strict-aliasing -D_GNU_SOURCE -I. -Iinclude/ddi -I$(HAL_FOLDER_x86_64)

# One that runs $(1) on a folder with the corpus and the seeds.
FUZZ_OPTIONS = -max_len=$(FUZZ_LONGEST_$(FUZZ)) -timeout=10 $(if $(wildcard tests/fuzz/$(FUZZ).dict),-dict=tests/fuzz/$(FUZZ).dict)

$(FUZZ_BUILD)/$(FUZZ): $(FUZZ_SOURCES) FORCE
	@mkdir -p $(FUZZ_BUILD)/$(FUZZ).corpus
	@echo '  FUZZCC $@'
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) -o $@ $(FUZZ_SOURCES)

# Good images of each machine to begin with: the loader's fixture, linked in two ways.
fuzz-seeds-pe: build/x86_64/sample.sys build/i386/sample.sys build/x86_64/sample_packed.sys build/i386/sample_packed.sys
	@cp build/x86_64/sample.sys $(FUZZ_BUILD)/pe.corpus/sample-x86_64
	@cp build/i386/sample.sys $(FUZZ_BUILD)/pe.corpus/sample-i386
	@cp build/x86_64/sample_packed.sys $(FUZZ_BUILD)/pe.corpus/packed-x86_64
	@cp build/i386/sample_packed.sys $(FUZZ_BUILD)/pe.corpus/packed-i386
fuzz-seeds-reg:
	@for file in $$(find tests miniport -name '*.reg'); do cp "$$file" "$(FUZZ_BUILD)/reg.corpus/$$(echo "$$file" | tr / _)"; done

.PHONY: fuzz fuzz-keep fuzz-seeds-pe fuzz-seeds-reg
fuzz built-fuzz: $(FUZZ_BUILD)/$(FUZZ) fuzz-seeds-$(FUZZ)
fuzz:
	@tests/fuzz/corpus.pl unpack tests/fuzz/$(FUZZ).txt $(FUZZ_BUILD)/$(FUZZ).corpus
	$(FUZZ_BUILD)/$(FUZZ) $(FUZZ_OPTIONS) -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 \
	    -artifact_prefix=$(FUZZ_BUILD)/$(FUZZ)- $(FUZZ_BUILD)/$(FUZZ).corpus

fuzz-keep built-fuzz-keep: $(FUZZ_BUILD)/$(FUZZ)
fuzz-keep:
	@rm -rf $(FUZZ_BUILD)/$(FUZZ).kept && mkdir -p $(FUZZ_BUILD)/$(FUZZ).kept
	$(FUZZ_BUILD)/$(FUZZ) $(FUZZ_OPTIONS) -merge=1 -use_counters=0 $(FUZZ_BUILD)/$(FUZZ).kept $(FUZZ_BUILD)/$(FUZZ).corpus
	@tests/fuzz/corpus.pl pack $(FUZZ_BUILD)/$(FUZZ).kept >tests/fuzz/$(FUZZ).txt.new
	@mv tests/fuzz/$(FUZZ).txt.new tests/fuzz/$(FUZZ).txt
endif
