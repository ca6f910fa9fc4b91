/* SPDX-License-Identifier: MIT */
/*
 * Faults of the soak: which request gets one, and what becomes of each; see soak.h. Which it is depends on the seed and
 * the request's number; it is armed for that request alone, so that the same requests meet the same faults in every
 * run, whatever the order is in which they get their turn. Owns the rules that it arms, and the table.
 */
#include <stdio.h>
#include <string.h>

#include "port/access/inject.h"
#include "tests/guest/conformance.h"
#include "tests/guest/soak.h"

/* Who can get it. */
#define ANYBODY 0x0u
#define BY_DMA  0x1u /* data that a bus master moves */
#define IDE     0x2u
#define AHCI    0x4u

/* Rules of docs/faults.md, without `nth`: at the request's first command, or from then on. */
static const struct {
    const char *words;
    uint32_t lasts_us;  /* whatever becomes of the request */
    uint8_t who, error; /* of Error: what the issuer sees */
    uint8_t weight;
} faults[] = {
    {"no fault", 0, ANYBODY, 0, 0},
    {"interrupt lost", 0, ANYBODY, 0, 6},
    {"interrupt late for=2ms", 2000, ANYBODY, 0, 6},
    {"interrupt early", 0, ANYBODY, 0, 6},
    {"interrupt double", 0, ANYBODY, 0, 6},
    {"interrupt spurious", 0, ANYBODY, 0, 6},
    {"interrupt shared", 0, ANYBODY, 0, 3},
    {"bsy for=1ms", 1000, ANYBODY, 0, 6},
    {"bsy", 0, ANYBODY, 0, 4},
    {"drq for=1ms", 1000, ANYBODY, 0, 3},
    {"drq", 0, ANYBODY, 0, 3},
    {"df", 0, ANYBODY, 0, 4},
    {"error UNC", 0, ANYBODY, IDE_ERROR_DATA_ERROR, 8},
    {"error IDNF", 0, ANYBODY, IDE_ERROR_ID_NOT_FOUND, 4},
    {"error ICRC", 0, ANYBODY, IDE_ERROR_CRC_ERROR, 4},
    {"error ABRT", 0, ANYBODY, IDE_ERROR_COMMAND_ABORTED, 4},
    {"bus-master-error", 0, BY_DMA, 0, 6},
    {"float FF for=1ms", 1000, IDE, 0, 3},
    {"vanish for=2ms", 2000, ANYBODY, 0, 3},
    {"vanish for=200ms", 200000, ANYBODY, 0, 1},
    {"unplug for=2ms", 2000, AHCI, 0, 3},
    {"unplug for=200ms", 200000, AHCI, 0, 1},
};
#define FAULTS (sizeof faults / sizeof *faults)

uint32_t soak_fault_rate;
static uint64_t ends[FAULTS][SOAK_END_COUNT];
static uint64_t digest;
static uint64_t digest_first; /* of the first requests, which a shorter run has, too */
#define FIRST_REQUESTS 256u

static bool is_possible(unsigned fault, const struct soak_plan *plan)
{
    const struct soak_disk *disk = &soak_disks[plan->disk];
    bool is_ahci = disk->device->channel->controller->hba != NULL;
    bool moves = plan->operation != BLOCK_FLUSH && plan->operation != BLOCK_VERIFY;

    switch (faults[fault].who) {
    case BY_DMA:
        return moves && disk->mode & DMA_SUPPORT;
    case IDE:
        return !is_ahci;
    case AHCI:
        return is_ahci;
    default:
        return true;
    }
}

unsigned soak_fault_of(uint32_t number, const struct soak_plan *plan)
{
    uint64_t random = soak_random(number, SOAK_FOR_FAULT);
    uint32_t sum = 0, at;

    if (!soak_fault_rate || plan->cancel_after || (uint32_t)random % soak_fault_rate)
        return 0;
    for (unsigned i = 1; i < FAULTS; i++)
        sum += is_possible(i, plan) ? faults[i].weight : 0;
    at = (uint32_t)(random >> 32) % sum;
    for (unsigned i = 1; i < FAULTS; i++) {
        uint32_t weight = is_possible(i, plan) ? faults[i].weight : 0;
        if (at < weight)
            return i;
        at -= weight;
    }
    return 0;
}

const char *soak_fault_words(unsigned fault)
{
    return faults[fault].words;
}

/* What lasts is its device's, not the other one's on a cable; interrupts are the channel's. */
bool soak_fault_arm(struct soak_armed *armed, unsigned fault, const struct block_request *block)
{
    const struct device *device = block->device;
    char words[INJECT_TEXT_SIZE], error[160];
    bool is_of_target = !device->channel->controller->hba && faults[fault].who != IDE &&
                        strncmp(faults[fault].words, "interrupt", 9) != 0;

    if (is_of_target)
        snprintf(words, sizeof words, "%s channel=%s target=%u", faults[fault].words,
                 device->channel->name, device->target);
    else
        snprintf(words, sizeof words, "%s channel=%s", faults[fault].words, device->channel->name);
    *armed = (struct soak_armed){.fault = fault};
    armed->rule = inject_add_for(&block->request, words, error, sizeof error);
    return armed->rule || conf_ok(false, "the fault \"%s\": %s", words, error);
}

uint64_t soak_fault_end(struct soak_armed *armed)
{
    const struct inject_rule *rule = inject_rule(armed->rule);

    armed->is_injected = rule && rule->injected;
    inject_disarm(armed->rule);
    return armed->is_injected ? faults[armed->fault].lasts_us : 0;
}

void soak_fault_count(const struct soak_armed *armed, uint32_t number, enum soak_end end)
{
    uint64_t mark = soak_random((uint64_t)number << 8 | armed->fault, SOAK_FOR_DIGEST) *
                    (end == SOAK_NO_PLACE ? 2 : 1);

    ends[armed->fault][end]++;
    digest += mark;
    digest_first += number < FIRST_REQUESTS ? mark : 0;
}

bool soak_fault_is_true(const struct soak_armed *armed, const struct block_request *block)
{
    uint8_t error = faults[armed->fault].error;

    return !error || block->request.irb_status != IRB_STATUS_DEVICE_ERROR ||
           (block->request.ata_status & IDE_STATUS_ERROR && block->request.ata_error & error);
}

static void print_row(const char *words, const uint64_t *row, uint64_t injected)
{
    hal_printf("soak: %-24s %8llu %9llu %9llu %7llu %8llu\n", words, (unsigned long long)injected,
               (unsigned long long)row[SOAK_UNHARMED], (unsigned long long)row[SOAK_REPAIRED],
               (unsigned long long)row[SOAK_FAILED], (unsigned long long)row[SOAK_GONE]);
}

uint64_t soak_faults_print(void)
{
    uint64_t all[SOAK_END_COUNT] = {0}, injected_all = 0;

    hal_printf("soak: %-24s %8s %9s %9s %7s %8s\n", "fault", "injected", "unharmed", "repaired",
               "failed", "offline");
    for (unsigned i = 1; i < FAULTS; i++) {
        uint64_t injected = 0;
        for (unsigned end = 0; end < SOAK_END_COUNT; end++) {
            all[end] += ends[i][end];
            injected += end == SOAK_NO_PLACE ? 0 : ends[i][end];
        }
        injected_all += injected;
        if (injected)
            print_row(faults[i].words, ends[i], injected);
    }
    print_row("all", all, injected_all);
    hal_printf("soak: faults without a place %llu; digest of the faults %016llx, of those of the "
               "first %u requests %016llx\n",
               (unsigned long long)all[SOAK_NO_PLACE], (unsigned long long)digest, FIRST_REQUESTS,
               (unsigned long long)digest_first);
    return injected_all + all[SOAK_NO_PLACE];
}
