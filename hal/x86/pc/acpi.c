/* SPDX-License-Identifier: MIT */
/*
 * ACPI, as far as the HAL needs it: where the IOAPIC is, and how ISA interrupts reach it.
 *
 * Owns a digest of the MADT. May not: trust a table: each is checked for length and checksum before
 * anything in it is used, and a table that fails is as good as none. Entered once, during bring-up,
 * while the first 4 GiB can be reached.
 *
 * Layouts from the ACPI specification 5.0: 5.2.5 (RSDP), 5.2.6 (header), 5.2.12 (MADT).
 */
#include <string.h>

#include "hal/x86/pc/pc.h"

#define BIOS_AREA_START       0xE0000u
#define BIOS_AREA_END         0x100000u
#define EXTENDED_AREA_POINTER 0x40Eu /* its segment, in the BIOS's data */
#define EXTENDED_AREA_SEARCH  1024u
#define RSDP_ALIGNMENT        16u

#define TABLE_SIZE_LIMIT  0x100000u
#define TABLE_COUNT_LIMIT 64u
#define EARLY_LIMIT       ((uint64_t)1 << 32)

#define MADT_IOAPIC   1u
#define MADT_OVERRIDE 2u

#define OVERRIDE_POLARITY   0x3u
#define OVERRIDE_ACTIVE_LOW 0x3u
#define OVERRIDE_TRIGGER    0xCu
#define OVERRIDE_LEVEL      0xCu

struct rsdp {
    char signature[8];
    uint8_t checksum; /* of the first 20 bytes */
    char oem[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length; /* from here on: revision 2 and later */
    uint64_t xsdt;
    uint8_t extended_checksum;
    uint8_t reserved[3];
} __attribute__((packed));

#define RSDP_OLD_SIZE 20u

struct table_header {
    char signature[4];
    uint32_t length;
    uint8_t revision, checksum;
    char oem[6], oem_table[8];
    uint32_t oem_revision, creator, creator_revision;
} __attribute__((packed));
_Static_assert(sizeof(struct table_header) == 36, "ACPI 5.2.6");

struct madt {
    struct table_header header;
    uint32_t local_apic;
    uint32_t flags;
} __attribute__((packed));

struct madt_entry {
    uint8_t type, length;
} __attribute__((packed));

struct madt_ioapic {
    struct madt_entry entry;
    uint8_t id, reserved;
    uint32_t address;
    uint32_t first_interrupt;
} __attribute__((packed));

struct madt_override {
    struct madt_entry entry;
    uint8_t bus, source;
    uint32_t global_interrupt;
    uint16_t flags;
} __attribute__((packed));

static struct hal_acpi acpi;

static bool sums_to_zero(const void *start, size_t byte_count)
{
    const uint8_t *bytes = start;
    uint8_t sum = 0;
    for (size_t i = 0; i < byte_count; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return sum == 0;
}

static const struct rsdp *find_rsdp_between(uintptr_t start, uintptr_t end)
{
    for (uintptr_t address = start; address + sizeof(struct rsdp) <= end;
         address += RSDP_ALIGNMENT) {
        const struct rsdp *rsdp = (const void *)address;
        if (memcmp(rsdp->signature, "RSD PTR ", sizeof rsdp->signature) == 0 &&
            sums_to_zero(rsdp, RSDP_OLD_SIZE))
            return rsdp;
    }
    return NULL;
}

static const struct rsdp *find_rsdp(void)
{
    uintptr_t pointer = EXTENDED_AREA_POINTER;
    __asm__("" : "+r"(pointer)); /* or the compiler takes it for a slip near a null pointer */
    uintptr_t extended_area = (uintptr_t)hal_read16((const void *)pointer) << 4;
    const struct rsdp *rsdp = NULL;
    if (extended_area != 0)
        rsdp = find_rsdp_between(extended_area, extended_area + EXTENDED_AREA_SEARCH);
    return rsdp ? rsdp : find_rsdp_between(BIOS_AREA_START, BIOS_AREA_END);
}

/* The table at a physical address, or NULL if that is not what it says. */
static const struct table_header *check_table(uint64_t physical, const char *signature)
{
    if (physical == 0 || physical > EARLY_LIMIT - TABLE_SIZE_LIMIT)
        return NULL;
    const struct table_header *table = (const void *)(uintptr_t)physical;
    if (memcmp(table->signature, signature, sizeof table->signature) != 0 ||
        table->length < sizeof *table || table->length > TABLE_SIZE_LIMIT ||
        !sums_to_zero(table, table->length))
        return NULL;
    return table;
}

/* Looks through the RSDT, whose entries have 4 bytes, or the XSDT, whose entries have 8. */
static const struct table_header *find_in(const struct table_header *list, size_t entry_size,
                                          const char *signature)
{
    const uint8_t *entries = (const uint8_t *)(list + 1);
    size_t count = (list->length - sizeof *list) / entry_size;
    for (size_t i = 0; i < count && i < TABLE_COUNT_LIMIT; i++) {
        uint64_t physical = 0;
        memcpy(&physical, entries + i * entry_size, entry_size);
        const struct table_header *table = check_table(physical, signature);
        if (table)
            return table;
    }
    return NULL;
}

static const struct table_header *find_table(const char *signature)
{
    const struct rsdp *rsdp = find_rsdp();
    if (!rsdp)
        return NULL;
    const struct table_header *list = NULL;
    if (rsdp->revision >= 2 && rsdp->length >= sizeof *rsdp && rsdp->length < TABLE_SIZE_LIMIT &&
        sums_to_zero(rsdp, rsdp->length))
        list = check_table(rsdp->xsdt, "XSDT");
    if (list)
        return find_in(list, sizeof(uint64_t), signature);
    list = check_table(rsdp->rsdt, "RSDT");
    return list ? find_in(list, sizeof(uint32_t), signature) : NULL;
}

static void take_override(const struct madt_override *override)
{
    if (override->bus != 0 || override->source >= 16)
        return;
    /* "Conforms to the bus" is edge, active high for ISA. */
    acpi.isa[override->source] = (struct hal_acpi_route){
        .global_interrupt = override->global_interrupt,
        .level = (override->flags & OVERRIDE_TRIGGER) == OVERRIDE_LEVEL,
        .active_low = (override->flags & OVERRIDE_POLARITY) == OVERRIDE_ACTIVE_LOW,
        .overridden = true,
    };
}

static void take_ioapic(const struct madt_ioapic *ioapic)
{
    /* A machine may have several: ISA interrupts are at the one that begins at 0. */
    if (acpi.has_ioapic && ioapic->first_interrupt != 0)
        return;
    acpi.has_ioapic = true;
    acpi.ioapic_physical = ioapic->address;
    acpi.ioapic_first_interrupt = ioapic->first_interrupt;
}

void hal_acpi_initialise(void)
{
    for (unsigned line = 0; line < 16; line++)
        acpi.isa[line] = (struct hal_acpi_route){.global_interrupt = line};

    const struct madt *madt = (const void *)find_table("APIC");
    if (!madt || madt->header.length < sizeof *madt)
        return;
    const uint8_t *position = (const uint8_t *)(madt + 1);
    const uint8_t *end = (const uint8_t *)madt + madt->header.length;
    while ((size_t)(end - position) >= sizeof(struct madt_entry)) {
        const struct madt_entry *entry = (const void *)position;
        if (entry->length < sizeof *entry || entry->length > end - position)
            break;
        if (entry->type == MADT_IOAPIC && entry->length >= sizeof(struct madt_ioapic))
            take_ioapic((const void *)entry);
        if (entry->type == MADT_OVERRIDE && entry->length >= sizeof(struct madt_override))
            take_override((const void *)entry);
        position += entry->length;
    }
}

const struct hal_acpi *hal_acpi(void)
{
    return &acpi;
}
