# SPDX-License-Identifier: MIT
#
# The driver that the loader's tests load, for both machines: build/x86_64/sample.sys and
# build/i386/sample.sys. It is never run in a guest, and `all` does not need it.

$(eval $(call miniport,sample,tests/host/fixtures))

# The other machine's is made by a make that is told so, with a compiler for that machine.
OTHER_ARCH := $(filter-out $(ARCH),x86_64 i386)
build/$(OTHER_ARCH)/sample.sys: FORCE
	@+$(MAKE) --no-print-directory ARCH=$(OTHER_ARCH) MINIPORT_CROSS= BUILD=build/$(OTHER_ARCH) $@
