# SPDX-License-Identifier: MIT
#
# The driver that the loader's tests load, for both machines: build/x86_64/sample.sys and
# build/i386/sample.sys. It is never run in a guest, and `all` does not need it.

$(eval $(call miniport,sample,tests/host/fixtures))

# The same as the kits link some drivers: its sections share pages.
$(eval $(call miniport,sample_packed,tests/host/fixtures))
$(BUILD)/sample_packed.sys: MINIPORT_LINK_FLAGS += \
    -Wl,--section-alignment,128 -Wl,--file-alignment,128

# The other machine's is made by a make that is told so, with a compiler for that machine.
OTHER_ARCH := $(filter-out $(ARCH),x86_64 i386)
# One make for both: two would make the same libraries at once.
build/$(OTHER_ARCH)/sample.sys build/$(OTHER_ARCH)/sample_packed.sys &: FORCE
	@+$(MAKE) --no-print-directory ARCH=$(OTHER_ARCH) MINIPORT_CROSS= BUILD=build/$(OTHER_ARCH) \
	    build/$(OTHER_ARCH)/sample.sys build/$(OTHER_ARCH)/sample_packed.sys
