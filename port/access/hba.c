/* SPDX-License-Identifier: MIT */
/*
 * The records of AHCI registers, and the ways of their accesses; see hba.h. Owns nothing. The ways
 * are entered from every context in which a miniport runs, the rest at PASSIVE_LEVEL.
 */
#include "port/access/hba.h"

#include <string.h>

#include "port/access/audit_ahci_plain.h"
#include "port/contract/routines.h"
#include "port/contract/rules.h"
#include "port/objects.h"
#include "port/trace.h"

#define WIDTHS(DEFINE)         \
    DEFINE(Uchar, UCHAR, 8)    \
    DEFINE(Ushort, USHORT, 16) \
    DEFINE(Ulong, ULONG, 32)

/* ------------------------------------------------------------------ nobody wants to know */

#define DEFINE_PLAIN(Name, TYPE, bits)                                     \
    static TYPE ACCESS_WAY plain_read##bits ACCESS_READ(address)           \
    {                                                                      \
        (void)reg;                                                         \
        TYPE value = hal_read##bits((const void *)address);                \
        access_counters.registers++;                                       \
        trace(TRACE_REGISTER_READ, (uint16_t)address, (bits) / 8, value);  \
        return value;                                                      \
    }                                                                      \
    static VOID ACCESS_WAY plain_write##bits ACCESS_WRITE(address, TYPE)   \
    {                                                                      \
        (void)reg;                                                         \
        hal_write##bits((void *)address, value);                           \
        access_counters.registers++;                                       \
        trace(TRACE_REGISTER_WRITE, (uint16_t)address, (bits) / 8, value); \
    }
WIDTHS(DEFINE_PLAIN)

/* ------------------------------------------------------------------ registers of interest */

/* The auditor knows whole registers: the rest of a narrow access is as it was known last. */
static inline __attribute__((always_inline)) uint32_t
told_read(const struct access_register *reg, uintptr_t address, uint32_t value, unsigned bits)
{
    unsigned shift = (unsigned)(address % 4) * 8;
    uint32_t mask = bits == 32 ? UINT32_MAX : ((1u << bits) - 1) << shift;

    if (bits == 32)
        return audit_ahci_read(reg, value);
    return audit_ahci_read(reg, value << shift | (audit_ahci_known(reg) & ~mask)) >> shift;
}

/* False: it is not to reach the device. */
static inline __attribute__((always_inline)) bool told_write(const struct access_register *reg,
                                                             uintptr_t address, uint32_t *value,
                                                             unsigned bits, enum routine routine)
{
    unsigned shift = (unsigned)(address % 4) * 8;
    uint32_t mask = bits == 32 ? UINT32_MAX : ((1u << bits) - 1) << shift;
    uint32_t whole = *value;

    if (bits != 32)
        whole = *value << shift | (audit_ahci_unwritten(reg) & ~mask);
    bool is_sent = audit_ahci_write(reg, &whole, routine);
    *value = bits == 32 ? whole : whole >> shift;
    return is_sent;
}

/* What begins something in a device has a time, as on IDE. */
static inline __attribute__((always_inline)) void trace_write(uint8_t role, uintptr_t address,
                                                              unsigned width, uint32_t value)
{
    if (role == HBA_PORT_CI)
        trace_timed(TRACE_REGISTER_WRITE,
                    trace_head(TRACE_REGISTER_WRITE, (uint16_t)address, width | TRACE_TIMED),
                    value);
    else
        trace(TRACE_REGISTER_WRITE, (uint16_t)address, width, value);
}

/* All is looked at. */
#define DEFINE_TOLD(Name, TYPE, bits)                                                             \
    static __attribute__((cold, noinline)) TYPE ACCESS_WAY told##bits ACCESS_WRITE(address, TYPE) \
    {                                                                                             \
        value = (TYPE)told_read(reg, address, value, bits);                                       \
        access_counters.registers++;                                                              \
        trace(TRACE_REGISTER_READ, (uint16_t)address, (bits) / 8, value);                         \
        return value;                                                                             \
    }                                                                                             \
    static __attribute__((cold, noinline)) TYPE ACCESS_WAY told_read##bits ACCESS_READ(address)   \
    {                                                                                             \
        return told##bits HAL_WITH(reg, address, hal_read##bits((const void *)address));          \
    }                                                                                             \
    static __attribute__((cold, noinline)) VOID ACCESS_WAY told_write##bits ACCESS_WRITE(address, \
                                                                                         TYPE)    \
    {                                                                                             \
        uint32_t sent = value;                                                                    \
        if (told_write(reg, address, &sent, bits, ROUTINE_AtaPortWriteRegister##Name))            \
            hal_write##bits((void *)address, (TYPE)sent);                                         \
        access_counters.registers++;                                                              \
        trace_write(reg->role, address, (bits) / 8, value);                                       \
    }
WIDTHS(DEFINE_TOLD)

/* The way of a request leads through these: what is plain of it (audit_ahci_plain.h) takes few
 * instructions, and calls nobody. */
#define DEFINE_READ(role, takes)                                 \
    static ULONG ACCESS_WAY read_##role ACCESS_READ(address)     \
    {                                                            \
        ULONG value = hal_read32((const void *)address);         \
        if (__builtin_expect(!(takes), 0))                       \
            return told32 HAL_WITH(reg, address, value);         \
        access_counters.registers++;                             \
        trace(TRACE_REGISTER_READ, (uint16_t)address, 4, value); \
        return value;                                            \
    }
#define DEFINE_WRITE(role, takes)                                    \
    static VOID ACCESS_WAY write_##role ACCESS_WRITE(address, ULONG) \
    {                                                                \
        if (__builtin_expect(!(takes), 0)) {                         \
            told_write32 HAL_WITH(reg, address, value);              \
            return;                                                  \
        }                                                            \
        hal_write32((void *)address, value);                         \
        access_counters.registers++;                                 \
        trace_write(role, address, 4, value);                        \
    }
DEFINE_READ(HBA_IS, ahci_takes_interrupts(reg->hba))
DEFINE_WRITE(HBA_IS, ahci_takes_interrupts_clear(reg->hba, value))
DEFINE_READ(HBA_PORT_IS, ahci_takes_port_interrupts(reg->port, value))
DEFINE_WRITE(HBA_PORT_IS, (ahci_write_port_interrupts(reg->port, value), true))
DEFINE_READ(HBA_PORT_SACT, (value = ahci_read_active(reg->port, value), true))
DEFINE_WRITE(HBA_PORT_SACT, ahci_takes_active(reg->port, value))
DEFINE_WRITE(HBA_PORT_CI, ahci_takes_issue(reg->port, value))
DEFINE_READ(HBA_PORT_CI, (value = ahci_read_issued(reg->port, value), true))

uint32_t hba_tell_read(const struct access_register *reg, uintptr_t address, unsigned width,
                       uint32_t value)
{
    if (reg->role && contract_audits)
        value = told_read(reg, address, value, width * 8);
    access_counters.registers++;
    trace(TRACE_REGISTER_READ, (uint16_t)address, width, value);
    return value;
}

bool hba_tell_write(const struct access_register *reg, uintptr_t address, unsigned width,
                    uint32_t *value)
{
    enum routine routine = width == 1   ? ROUTINE_AtaPortWriteRegisterUchar
                           : width == 2 ? ROUTINE_AtaPortWriteRegisterUshort
                                        : ROUTINE_AtaPortWriteRegisterUlong;
    access_counters.registers++;
    trace_write(reg->role, address, width, *value);
    return !reg->role || !contract_audits || told_write(reg, address, value, width * 8, routine);
}

/* ------------------------------------------------------------------ records */

/* By offset, in dwords: AHCI 1.3.1, 3.1 and 3.3. */
static const uint8_t general_roles[HBA_PORTS / 4] = {HBA_CAP, HBA_GHC, HBA_IS, HBA_PI};
static const uint8_t port_roles[HBA_PORT_BYTES / 4] = {
    HBA_PORT_CLB,  HBA_PORT_CLBU, HBA_PORT_FB,  HBA_PORT_FBU, HBA_PORT_IS,   HBA_PORT_IE,
    HBA_PORT_CMD,  HBA_NONE,      HBA_PORT_TFD, HBA_PORT_SIG, HBA_PORT_SSTS, HBA_PORT_SCTL,
    HBA_PORT_SERR, HBA_PORT_SACT, HBA_PORT_CI,  HBA_NONE,     HBA_PORT_FBS,
};

#define PLAIN_WAYS(Name, TYPE, bits) \
    .read##bits = plain_read##bits, .write##bits = plain_write##bits,
#define TOLD_WAYS(Name, TYPE, bits) .read##bits = told_read##bits, .write##bits = told_write##bits,
static const struct access_register plain_ways = {WIDTHS(PLAIN_WAYS)};
static const struct access_register told_ways = {WIDTHS(TOLD_WAYS)};

static struct access_register ways_of_role(uint8_t role)
{
    static ULONG(ACCESS_WAY *const reads[HBA_ROLE_COUNT]) ACCESS_READ(address) = {
        [HBA_IS] = read_HBA_IS,
        [HBA_PORT_IS] = read_HBA_PORT_IS,
        [HBA_PORT_SACT] = read_HBA_PORT_SACT,
        [HBA_PORT_CI] = read_HBA_PORT_CI,
    };
    static VOID(ACCESS_WAY *const writes[HBA_ROLE_COUNT]) ACCESS_WRITE(address, ULONG) = {
        [HBA_IS] = write_HBA_IS,
        [HBA_PORT_IS] = write_HBA_PORT_IS,
        [HBA_PORT_SACT] = write_HBA_PORT_SACT,
        [HBA_PORT_CI] = write_HBA_PORT_CI,
    };
    struct access_register ways = told_ways;

    if (access_filter)
        return access_filter->hba_ways;
    if (!role || !contract_audits)
        return plain_ways;
    if (reads[role])
        ways.read32 = reads[role];
    if (writes[role])
        ways.write32 = writes[role];
    return ways;
}

static void make_records(struct access_hba *hba)
{
    for (uint32_t i = 0; i < HBA_BYTES / 4; i++) {
        uint8_t role = i < HBA_PORTS / 4 ? general_roles[i]
                                         : port_roles[(i - HBA_PORTS / 4) % (HBA_PORT_BYTES / 4)];
        struct access_register *reg = &hba->registers[i];
        *reg = ways_of_role(role);
        if (role >= HBA_PORT_ROLES)
            reg->port = &hba->audit->ports[hba_port_of(i * 4)];
        else
            reg->hba = hba;
        reg->role = role;
        reg->byte_count = 4;
    }
}

void hba_mark(struct controller *controller)
{
    if (controller->hba)
        make_records(controller->hba);
}

static size_t bytes_of_both(void)
{
    return sizeof(struct access_hba) + sizeof(struct audit_hba);
}

bool hba_create(struct controller *controller)
{
    if (controller->class_code != HBA_CLASS || controller->hba)
        return true;
    struct access_hba *hba = hal_pages_alloc(hal_pages_for(bytes_of_both()), UINT64_MAX);
    if (!hba)
        return false;
    hba->audit = (struct audit_hba *)(hba + 1);
    hba->audit->controller = controller;
    for (unsigned i = 0; i < HBA_PORT_COUNT; i++) {
        hba->audit->ports[i].hba = hba;
        hba->audit->ports[i].is_idle = true;
    }
    make_records(hba);
    controller->hba = hba;
    return true;
}

void hba_forget(struct controller *controller)
{
    if (controller->hba)
        hal_pages_free(controller->hba, hal_pages_for(bytes_of_both()));
    controller->hba = NULL;
}
