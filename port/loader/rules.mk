# SPDX-License-Identifier: MIT
#
# The loader: the export table, which is made from port/exports.list.
#
# Wants: BUILD (the architecture's build folder), Q. Gives: the rule for EXPORT_TABLE, a C file to be
# compiled like the rest of the kernel, and LOADER_PURE_SOURCES, which tests on the host share.

EXPORT_TABLE := $(BUILD)/port/loader/export_table.c
LOADER_PURE_SOURCES := port/loader/pe.c port/loader/pe_load.c port/loader/pe_names.c \
    port/loader/pe_cookie.c
LOADER_SOURCES := $(LOADER_PURE_SOURCES) port/loader/exports.c port/loader/image.c

# Written beside and renamed: a failed generator leaves nothing that looks finished.
$(EXPORT_TABLE): port/exports.list tools/exports.pl
	$(Q)mkdir -p $(@D)
	$(Q)tools/exports.pl table $< >$@.new && mv $@.new $@
