/* SPDX-License-Identifier: MIT */
/*
 * ATA and packet commands that somebody else has thought of: register by register, or as a CDB, as
 * they are. They are sent once, if their issuer does not say more, and their results are handed
 * back as the device left them. What kind of command an opcode is stands in one table, the
 * auditor's (access/audit_command.h).
 */
#ifndef PORT_PASS_THROUGH_H
#define PORT_PASS_THROUGH_H

#include <stdbool.h>
#include <stdint.h>

struct device;
struct request;

enum pass_data {
    PASS_NO_DATA,
    PASS_IN,
    PASS_OUT,
};

struct pass_through {
    uint8_t opcode;
    uint16_t features, count; /* over 255 in commands with 48-bit registers only */
    uint64_t lba;
    bool is_48; /* registers are written twice */
    enum pass_data data;
    void *buffer;
    uint32_t byte_count; /* at most PORT_MAXIMUM_TRANSFER_LENGTH */
    bool may_repeat;     /* it does no harm twice: repeated after resets as reads are */
};

/* What the registers said when it was over. */
struct pass_results {
    uint8_t status, error, device;
    uint16_t count;
    uint64_t lba;
};

/* How the opcode's commands move data. */
enum pass_kind {
    PASS_KNOWN, /* `data`, `byte_count` (0: as many as its issuer says) and `is_48` are filled in */
    PASS_UNKNOWN, /* the standard has no such command */
    PASS_REFUSED, /* queued ones, which are the miniport's, and PACKET */
};
enum pass_kind pass_through_kind(struct pass_through *command);

/* Waits for its end (parcel.h). *request has its statuses. Context: PASSIVE_LEVEL. */
void pass_through_run(struct device *device, const struct pass_through *command,
                      struct request *request);
/* False: the miniport has not returned the registers; then status and error are the IRB's, which
 * count only if it failed. Context: any. */
bool pass_through_results(const struct request *request, struct pass_results *results);

/* A packet command; sense data is in *request. Context: PASSIVE_LEVEL. */
void pass_through_packet(struct device *device, const uint8_t *cdb, uint8_t cdb_length,
                         enum pass_data data, void *buffer, uint32_t byte_count,
                         struct request *request);

#endif
