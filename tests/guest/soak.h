/* SPDX-License-Identifier: MIT */
/*
 * The soak: many requests of all kinds and sizes on up to four disks, 64 at a time, while faults are injected. Each
 * ends once, in bounded time, with a true status, and every sector holds what it has to.
 *
 * soak.c runs and judges; soak_plan.c says what request number N is, which depends on the seed and N alone, and what a
 * sector holds that it has written; soak_sectors.c knows what each sector may hold; soak_faults.c which request gets
 * which fault, and what becomes of it; soak_channels.c brings devices back; soak_disks.c has disks and buffers.
 */
#ifndef TESTS_GUEST_SOAK_H
#define TESTS_GUEST_SOAK_H

#include "port/block.h"
#include "port/objects.h"

#define SOAK_DISKS 4u
#define SOAK_LANES \
    64u /* requests in flight: lane L has numbers L, L + 64 and so on, one after the other */
#define SOAK_MOST_SECTORS 4096u /* of a disk */
#define SOAK_SECTOR       512u

/* ------------------------------------------------------------------ what is asked for */

struct soak_disk {
    struct device *device;
    bool writes, trims;
    uint32_t most_sectors; /* of one command, at first */
    ULONG mode;            /* of transfer, at first */
    uint8_t *first;        /* what it held at first */
};
extern struct soak_disk soak_disks[SOAK_DISKS];
extern unsigned soak_disk_count;
extern uint32_t soak_sectors; /* of each disk */
extern uint64_t soak_seed;

/* Sectors that a lane's buffer has: some lanes ask for more than one command moves. */
#define SOAK_LEAST_BUFFER (256u * SOAK_SECTOR)
uint32_t soak_lane_sectors(unsigned lane);

struct soak_plan {
    uint8_t disk;
    enum block_operation operation;
    uint32_t lba, count;
    uint32_t offset;       /* of its data in the lane's buffer, bytes */
    unsigned cancel_after; /* so many others have ended; 0: it is not cancelled */
};
#define SOAK_MOST_OFFSET HAL_PAGE_SIZE
void soak_plan_of(uint32_t number, struct soak_plan *plan);
/* A number that depends on the seed, the request's, and what it is for. */
enum soak_use { SOAK_FOR_PLACE, SOAK_FOR_KIND, SOAK_FOR_SIZE, SOAK_FOR_FAULT, SOAK_FOR_DIGEST };
uint64_t soak_random(uint64_t number, enum soak_use use);

/* ------------------------------------------------------------------ what sectors hold */

/* Generations: what a sector held at first, zeros since it was trimmed, or N + 1 of the request that wrote it. */
#define SOAK_FIRST   0u
#define SOAK_TRIMMED 0xFFFFFFFEu
/* What a sector of that generation holds: each of its words depends on disk, address and generation. */
void soak_fill(unsigned disk, uint32_t lba, uint32_t generation, uint8_t *sector);
bool soak_holds(unsigned disk, uint32_t lba, uint32_t generation, const uint8_t *sector);
/* Whatever it is, for people. */
void soak_name_sector(unsigned disk, uint32_t lba, const uint8_t *sector, char *text, size_t size);

bool soak_sectors_make(void);
/* They hold that, or may hold it beside what they held. Context: any, as for the others. */
void soak_sectors_are(unsigned disk, uint32_t lba, uint32_t count, uint32_t generation);
void soak_sectors_may_be(unsigned disk, uint32_t lba, uint32_t count, uint32_t generation);
/* They were read: what they may have held they do. False: `text` says which one is wrong. */
bool soak_sectors_match(unsigned disk, uint32_t lba, uint32_t count, const uint8_t *data,
                        char *text, size_t size);
/* All of a disk, as it has to be; after it was read. */
void soak_sectors_fill(unsigned disk, uint8_t *data);

/* ------------------------------------------------------------------ faults */

struct soak_armed {
    unsigned fault; /* of the list; 0: none */
    unsigned rule;  /* of inject.h */
    bool is_injected;
};
/* Every how many requests one gets a fault; 0: none does. */
extern uint32_t soak_fault_rate;
/* Which fault a request gets; 0: none. */
unsigned soak_fault_of(uint32_t number, const struct soak_plan *plan);
/* Arms it. False: it cannot be, and a check has failed. Context: PASSIVE_LEVEL, as for the others. */
bool soak_fault_arm(struct soak_armed *armed, unsigned fault, const struct block_request *block);
/* Its request has ended. Returns for how long what it began may go on. */
uint64_t soak_fault_end(struct soak_armed *armed);
/* What has become of the request that got it: it ended well, and nothing was reset or repeated meanwhile, or it was; it
 * failed; its device went offline, and it was submitted anew. Or it has never met its fault. */
enum soak_end {
    SOAK_UNHARMED,
    SOAK_REPAIRED,
    SOAK_FAILED,
    SOAK_GONE,
    SOAK_NO_PLACE,
    SOAK_END_COUNT
};
void soak_fault_count(const struct soak_armed *armed, uint32_t number, enum soak_end end);
/* Does the status of a request that failed say what was injected? */
bool soak_fault_is_true(const struct soak_armed *armed, const struct block_request *block);
const char *soak_fault_words(unsigned fault);
/* Prints the table, and the digest of which request got what. Returns how many faults there were. */
uint64_t soak_faults_print(void);

/* ------------------------------------------------------------------ channels */

struct soak_counts {
    uint64_t ended, repeated, cancels, cancelled, failed, beside, starts, offline, slower, bytes;
    uint64_t kinds[BLOCK_FLUSH + 1];
    unsigned in_flight, most_in_flight, most_at_driver;
    uint32_t longest_s;
};

struct soak_channel {
    struct channel *channel;
    unsigned in_flight, faults; /* requests, and those of them with a fault */
    uint64_t until_us;          /* the last one's goes on */
    bool is_stopping;           /* gets no more requests, and then a new start */
};
struct soak_channel *soak_channel_of(unsigned disk);
/* A request with a fault has ended, which may go on for a while. */
void soak_channel_calms(struct soak_channel *channel, bool is_injected, uint64_t lasts_us);
/* Was there a fault on its channel that another request has met, at that time or since? */
bool soak_is_disturbed(unsigned disk, uint64_t since_us);
/* A request has ended: does its device have to be brought back? */
void soak_look_at(unsigned disk, bool is_gone, struct soak_counts *counts);
/* Starts the channels anew that have come to rest. False: one does not come back. PASSIVE_LEVEL. */
bool soak_start_stopped(struct soak_counts *counts);
/* Requests at the drivers. */
unsigned soak_at_driver(void);
void soak_counts_print(const struct soak_counts *counts, uint64_t passed_us);

/* ------------------------------------------------------------------ disks and buffers */

/* The scratch disks, and what they hold. PASSIVE_LEVEL, as for the others. */
bool soak_find_disks(void);
/* Each once more, all of it; and for the host, what it has to hold. */
void soak_check_disks(void);

/* A lane's buffer, at whose beginning `offset` counts; NULL: there is no memory. */
uint8_t *soak_buffer_make(unsigned lane);
/* What is written, or nothing that could be taken for what is read; and around it a guard. */
void soak_buffer_fill(const struct soak_plan *plan, uint32_t number, uint8_t *data);
bool soak_buffer_is_whole(const struct soak_plan *plan, const uint8_t *data);

/* ------------------------------------------------------------------ the soak */

/* `words`: "" for the short form; or "SEED:REQUESTS" and, optional, ":RATE" of faults. Context: PASSIVE_LEVEL. */
void conf_soak(const char *words);

#endif
