/* SPDX-License-Identifier: MIT */
/*
 * The conformance suite's part in the kernel: `test=conformance-NAME` on the command line.
 *
 * tests/conformance/NAME.t boots it with somebody's driver and scratch disks, whose serial numbers
 * are CONF0 to CONF3, hands on each check, and looks at the disks afterwards. A line "sha256 DISK
 * LBA COUNT DIGEST" says what these sectors held, or were given to hold; the host compares. The
 * plan comes last.
 *
 * What fails is explained for the author of the driver: conf_note prints what happened.
 */
#ifndef TESTS_GUEST_CONFORMANCE_H
#define TESTS_GUEST_CONFORMANCE_H

#include "port/block.h"
#include "port/objects.h"

/* Where the test buffers begin, and their size. */
#define CONF_BUFFER_BYTES (4u << 20)

/* Runs one and prints its checks. False: there is none of that name. Context: PASSIVE_LEVEL. */
bool guest_conformance(const char *name);

bool conf_ok(bool passed, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A check that has failed, and has nothing to do with the end of the trace. */
void conf_failed(const char *format, ...) __attribute__((format(printf, 1, 2)));
void conf_skip(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));
void conf_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Says what became of a block request that did not do as it should. */
void conf_note_block(const struct block_request *block);

/* Does the driver under test serve it? */
bool conf_is_controller(const struct controller *controller);

/* The disk with serial number CONF<number>, served by the driver under test; NULL if there is none.
 */
struct device *conf_disk(unsigned number);
/* The disk, or a failed check that says what is missing. */
struct device *conf_need_disk(unsigned number);
/* The first packet device that the driver uses; NULL if there is none. */
struct device *conf_cd(void);

/* A block request, waiting; *block may be NULL. What fails is noted. */
bool conf_transfer(struct device *device, enum block_operation operation, uint64_t lba,
                   uint64_t count, void *buffer);
/* Does the driver write at all? It need not. */
bool conf_writes(struct device *device);
/* Prints what sectors hold, or shall hold, for the host to compare. */
void conf_digest(const struct device *device, uint64_t lba, uint64_t count, const void *data);
/* Bytes that look random, the same for the same seed. */
void conf_fill(void *buffer, size_t byte_count, uint32_t seed);

void conf_start(void);
void conf_read(void);
void conf_write(void);
void conf_addresses(void);
void conf_errors(void);
void conf_timeout(void);
void conf_slow(void);
void conf_reset(void);
void conf_stop(void);
void conf_power(void);
void conf_versions(void);
void conf_dump(void);
void conf_packet(void);

#endif
