# SPDX-License-Identifier: MIT
#
# The test kernel: the same objects, and tests/guest/*.c. KARGS=test=NAME runs one of them.
# A build folder of its own, with our drivers beside it, so that run-qemu.sh takes both from there.

GUEST_BUILD := $(BUILD)/guest
guest_SOURCES := $(wildcard tests/guest/*.c)
guest_OBJECTS := $(guest_SOURCES:%.c=$(BUILD)/%.o)

$(eval $(call link_kernel,guest/kernel,$(kernel_OBJECTS) $(guest_OBJECTS)))

$(BUILD)/guest/kernel.elf: | $(GUEST_BUILD)
$(GUEST_BUILD):
	@mkdir -p $@

$(GUEST_BUILD)/%.sys: $(BUILD)/%.sys | $(GUEST_BUILD)
	@cp $< $@; cp $(<:.sys=.lines) $(@:.sys=.lines)

TEST_TOOLS += $(GUEST_BUILD)/kernel $(DRIVERS:%=$(GUEST_BUILD)/%.sys)

-include $(guest_OBJECTS:.o=.d)
