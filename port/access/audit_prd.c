/* SPDX-License-Identifier: MIT */
/*
 * Walks the table of physical region descriptors as the bus master will: see audit_prd.h. Owns
 * nothing. Entered from any context in which a miniport runs.
 *
 * What counts is what the device moves. Descriptors behind that are looked at for their number
 * only: the end mark has to stand where the request's data ends.
 */
#include "port/access/audit_prd.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/plural.h"
#include "port/access/audit_dma.h"
#include "port/access/dma_memory.h"

/* SFF-8038i: the table lies in one 64 KiB; so this is the most that it can hold. */
#define MOST_DESCRIPTORS (PRD_BOUNDARY / sizeof(struct audit_prd))

struct walk {
    struct transfer *transfer;
    struct prd_fault *fault;
    uint64_t at;    /* of the next descriptor */
    uint64_t left;  /* bytes of the driver's memory from there on */
    uint64_t total; /* bytes described so far */
    uint32_t index; /* of the descriptor */
    bool knows_owner;
    bool is_elsewhere; /* the bus master reads another table than the driver has made */
};

/* The first fault is the one that is told; a fatal one takes its place, but where the table is not
 * even read where it lies. */
static __attribute__((format(printf, 4, 5))) void find(struct walk *walk, enum rule rule,
                                                       bool is_fatal, const char *format, ...)
{
    struct prd_fault *fault = walk->fault;
    va_list arguments;

    fault->is_fatal |= is_fatal;
    if (fault->is_found && (!is_fatal || walk->is_elsewhere))
        return;
    fault->is_found = true;
    fault->rule = rule;
    va_start(arguments, format);
    vsnprintf(fault->text, sizeof fault->text, format, arguments);
    va_end(arguments);
}

static const char *hint(const struct walk *walk, uint64_t address)
{
    return dma_memory_is_virtual(walk->transfer->channel, (uint32_t)address)
               ? "; it is a virtual address of the driver's, and AtaPortGetPhysicalAddress says "
                 "which the physical one is"
               : "";
}

/* ------------------------------------------------------------------ the table itself */

/* Does all of a descriptor lie in memory of the driver's? */
static bool is_readable(struct walk *walk)
{
    if (walk->left < sizeof(struct audit_prd))
        walk->left = dma_memory_at(walk->transfer->channel, walk->at).byte_count;
    if (walk->left >= sizeof(struct audit_prd))
        return true;
    if (walk->index == 0)
        find(walk, RULE_HWR_21, true, "the table's address is %#llx, which is %s%s",
             (unsigned long long)walk->at, dma_memory_name(walk->at), hint(walk, walk->at));
    else
        find(walk, RULE_HWR_21, true,
             "the table goes on at %#llx, behind %u descriptors without an end mark: that is %s",
             (unsigned long long)walk->at, (unsigned)walk->index, dma_memory_name(walk->at));
    return false;
}

/* RAM is seen where it lies. */
static const struct audit_prd *prd_at(const struct walk *walk)
{
    return (const struct audit_prd *)(uintptr_t)walk->at;
}

static void judge_place(struct walk *walk, uint32_t address, uint64_t byte_count)
{
    if ((address & (PRD_BOUNDARY - 1)) + byte_count > PRD_BOUNDARY)
        find(walk, RULE_HWR_10, false,
             "the table of %u descriptors at %#x crosses a multiple of 64 KiB",
             (unsigned)(byte_count / sizeof(struct audit_prd)), (unsigned)address);
}

/* ------------------------------------------------------------------ a descriptor */

/* Whose data may it be? Where one command matches one request, no other's. */
static bool is_allowed(const struct walk *walk, const struct irb_slot *slot)
{
    return !slot || !walk->transfer->is_certain || slot == walk->transfer->owner;
}

/* The first one that leads to a request's data says whose transfer it is. */
static void learn_owner(struct walk *walk, uint32_t address)
{
    const struct irb_slot *slot = dma_memory_at(walk->transfer->channel, address).slot;

    if (!slot || walk->knows_owner || walk->transfer->is_certain)
        return;
    walk->transfer->owner = slot;
    walk->knows_owner = true;
}

/* HWR-21 of the part of it that the device uses. */
static bool judge_memory(struct walk *walk, uint32_t address, uint32_t byte_count)
{
    const struct transfer *transfer = walk->transfer;

    for (uint64_t at = address, end = at + byte_count; at < end;) {
        struct dma_memory memory = dma_memory_at(transfer->channel, at);
        if (!memory.byte_count || !is_allowed(walk, memory.slot)) {
            find(walk, RULE_HWR_21, true,
                 "descriptor %u, %#x with %u bytes, reaches %#llx, which is %s%s",
                 (unsigned)walk->index, (unsigned)address, (unsigned)byte_count,
                 (unsigned long long)at,
                 memory.byte_count ? "another request's data" : dma_memory_name(at),
                 hint(walk, at));
            return false;
        }
        at += memory.byte_count;
    }
    return true;
}

/* HWR-09. `left`: what the transfer still lacks. */
static void judge_form(struct walk *walk, const struct audit_prd *prd, uint64_t left)
{
    const uint32_t count = prd->control & PRD_COUNT_MASK;
    const uint32_t offset = prd->address & (PRD_BOUNDARY - 1);
    const unsigned index = (unsigned)walk->index;

    if ((prd->address | count) & 1)
        find(walk, RULE_HWR_09, false, "descriptor %u has an odd %s: %#x with %u bytes", index,
             prd->address & 1 ? "address" : "length", (unsigned)prd->address, (unsigned)count);
    else if (count == 0 && (offset || left < PRD_BOUNDARY))
        find(walk, RULE_HWR_09, false,
             "descriptor %u, %#x, has a count of 0, which means 64 KiB, and not none", index,
             (unsigned)prd->address);
    else if (offset + count > PRD_BOUNDARY)
        find(walk, RULE_HWR_09, false,
             "descriptor %u, %#x with %u bytes, crosses a multiple of 64 KiB", index,
             (unsigned)prd->address, (unsigned)count);
}

/* HWR-10, of a request that goes out as one command: what the device moves first is the first of
 * its data. What lies in a buffer of the driver's is its own affair. */
static void judge_order(struct walk *walk, uint32_t address, uint32_t byte_count)
{
    const struct transfer *transfer = walk->transfer;
    const struct irb_slot *owner = transfer->owner;
    uint32_t run;

    if (!transfer->is_certain || !owner || walk->fault->is_found ||
        dma_memory_at(transfer->channel, address).slot != owner)
        return;
    for (uint64_t done = 0; done < byte_count && walk->total + done < owner->data_byte_count;
         done += run) {
        const uint32_t offset = (uint32_t)(walk->total + done);
        const uint64_t lies_at = dma_memory_of_data(owner, offset, &run);
        if (lies_at == address + done || !lies_at)
            continue;
        find(
            walk, RULE_HWR_10, false,
            "descriptor %u, %#x with %u bytes, has byte %u of the request's data at %#llx: it lies "
            "at %#llx",
            (unsigned)walk->index, (unsigned)address, (unsigned)byte_count, (unsigned)offset,
            (unsigned long long)(address + done), (unsigned long long)lies_at);
        return;
    }
}

/* ------------------------------------------------------------------ all of it */

/* What the device moves, as far as can be told. */
static uint64_t byte_count_of(const struct transfer *transfer)
{
    if (transfer->command_byte_count)
        return transfer->command_byte_count;
    if (!transfer->owner)
        return UINT64_MAX;
    /* SFF-8038i: words. */
    return transfer->owner->data_byte_count + (transfer->owner->data_byte_count & 1u);
}

/* What a packet device may send beside what was asked for, a driver catches in a buffer of its
 * own. */
static bool is_spare(const struct walk *walk, uint32_t address)
{
    struct dma_memory memory = dma_memory_at(walk->transfer->channel, address);
    return walk->transfer->is_packet && memory.byte_count && !memory.slot;
}

/* The end mark was found. */
static void judge_length(struct walk *walk, uint64_t wanted, uint32_t last_address)
{
    const struct irb_slot *owner = walk->transfer->owner;

    if (wanted == UINT64_MAX || walk->total == wanted ||
        (walk->total > wanted &&
         ((owner && walk->total == owner->data_byte_count) || is_spare(walk, last_address))))
        return;
    find(walk, RULE_HWR_10, false, "the table describes %llu byte%s, and the %s %llu",
         (unsigned long long)walk->total, plural(walk->total),
         walk->transfer->command_byte_count ? "command moves" : "request has",
         (unsigned long long)wanted);
}

/* All of the data is described, and the table goes on. */
static bool goes_on(struct walk *walk, uint64_t wanted)
{
    if (walk->total < wanted)
        return walk->index <= MOST_DESCRIPTORS;
    if (is_readable(walk) && is_spare(walk, prd_at(walk)->address))
        return true;
    find(walk, RULE_HWR_10, false,
         "descriptor %u is the last of the request's %llu bytes, and has no end mark",
         (unsigned)walk->index - 1, (unsigned long long)wanted);
    return false;
}

/* One descriptor. False: it was the last one, or nothing behind it is of interest. */
static bool step(struct walk *walk)
{
    const struct audit_prd prd = *prd_at(walk);
    const uint32_t count = prd.control & PRD_COUNT_MASK;
    const uint32_t byte_count = count ? count : PRD_BOUNDARY;

    learn_owner(walk, prd.address);
    uint64_t wanted = byte_count_of(walk->transfer);
    uint64_t left = wanted > walk->total ? wanted - walk->total : 0;
    if (!judge_memory(walk, prd.address, byte_count < left ? byte_count : (uint32_t)left))
        return false;
    judge_form(walk, &prd, left);
    judge_order(walk, prd.address, byte_count);
    walk->total += byte_count;
    walk->index++;
    walk->at += sizeof prd;
    walk->left -= sizeof prd;
    if (!(prd.control & PRD_END))
        return goes_on(walk, wanted);
    judge_length(walk, wanted, prd.address);
    return false;
}

void audit_prd_walk(struct transfer *transfer, struct prd_fault *fault)
{
    uint32_t address = transfer->channel->audit.dma.table_address;
    struct walk walk = {.transfer = transfer, .fault = fault, .at = address & ~3u};

    *fault = (struct prd_fault){.is_found = false};
    if (!is_readable(&walk))
        return;
    if (address & 3u) {
        find(&walk, RULE_HWR_10, false,
             "the table's address is %#x, no multiple of 4; the bus master reads it at %#x",
             (unsigned)address, (unsigned)walk.at);
        walk.is_elsewhere = true;
    }
    while (is_readable(&walk) && step(&walk))
        ;
    judge_place(&walk, address & ~3u, walk.index * sizeof(struct audit_prd));
}
