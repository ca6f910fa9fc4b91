/* SPDX-License-Identifier: MIT */
/* Accesses that are not done; see refuse.h. */
#include "port/access/refuse.h"

#include <string.h>

#include "lib/plural.h"
#include "port/contract/entry.h"
#include "port/contract/report.h"
#include "port/memory.h"

void NTAPI access_refuse(enum routine routine, const void *place, uintptr_t address, unsigned width)
{
    if (entry_plain(routine, place))
        contract_report(RULE_ADR_01, NULL, routine_name(routine), place,
                        "%u byte%s at %#llx: no range of that kind was mapped there with "
                        "AtaPortGetDeviceBase; a read returned all ones, a write was dropped",
                        width, plural(width), (unsigned long long)address);
}

void NTAPI access_refuse_read(enum routine routine, const void *place, uintptr_t address,
                              unsigned width, void *buffer, uint32_t count)
{
    access_refuse(routine, place, address, width);
    memset(buffer, 0xFF, (size_t)count * width);
}

bool NTAPI access_judge_buffer(bool was_turned, const void *buffer, uint64_t byte_count,
                               enum routine routine, const void *place)
{
    if (was_turned)
        entry_report_direction(routine_name(routine), place);
    return memory_is_refused(buffer, byte_count, routine_name(routine), place);
}
