/* SPDX-License-Identifier: MIT */
/*
 * What the two files of AHCI's part of the auditor share: bits and structures (Serial ATA AHCI
 * 1.3.1, 3 and 4), and the access that is judged.
 */
#ifndef PORT_ACCESS_AUDIT_AHCI_INTERNAL_H
#define PORT_ACCESS_AUDIT_AHCI_INTERNAL_H

#include "port/access/audit_ahci.h"
#include "port/contract/report.h"

/* ------------------------------------------------------------------ registers and structures */

#define AHCI_CAP_64BIT 0x80000000u
#define AHCI_GHC_IE    0x00000002u
#define AHCI_GHC_RESET 0x00000001u

#define AHCI_CMD_START    0x00000001u
#define AHCI_CMD_OVERRIDE 0x00000008u
#define AHCI_CMD_RECEIVE  0x00000010u
#define AHCI_CMD_RECEIVES 0x00004000u
#define AHCI_CMD_RUNS     0x00008000u
#define AHCI_CMD_SPIN_UP  0x00000002u
#define AHCI_CMD_POWER    0x00000004u
#define AHCI_IS_OVER      0x0000002Fu /* FISes, and the PRD's, that a command may end with */
#define AHCI_IS_TASK_FILE 0x40000000u
#define AHCI_IS_ELSEWHERE 0x00400050u /* these are cleared in PxSERR */
#define AHCI_DET          0x0000000Fu
#define AHCI_DET_PRESENT  3u
#define AHCI_DET_RESET    1u
#define AHCI_FBS_ENABLE   0x00000001u

/* Command header (4.2.2), PRD (4.2.3.3). */
struct ahci_header {
    uint32_t description, byte_count, table, table_high, reserved[4];
};
_Static_assert(sizeof(struct ahci_header) == 32, "a command in the list");
#define AHCI_HEADER_FIS_DWORDS(header) ((header)->description & 0x1F)
#define AHCI_HEADER_PACKET             0x0020u
#define AHCI_HEADER_WRITE              0x0040u
#define AHCI_HEADER_PREFETCH           0x0080u
#define AHCI_HEADER_BIST               0x0200u
#define AHCI_HEADER_CLEAR_BUSY         0x0400u
#define AHCI_HEADER_PORT(header)       ((header)->description >> 12 & 0xF)
#define AHCI_HEADER_PRDS(header)       ((header)->description >> 16)
struct ahci_prd {
    uint32_t address, address_high, reserved, length;
};
_Static_assert(sizeof(struct ahci_prd) == 16, "a PRD");
#define AHCI_PRD_LENGTH 0x003FFFFFu /* bytes less one */
#define AHCI_PRD_ZERO   0x7FC00000u
struct ahci_table {
    union {
        uint8_t fis[64];
        uint32_t fis_dwords[16];
    };
    uint8_t packet[16], reserved[48];
    struct ahci_prd prds[];
};
_Static_assert(sizeof(struct ahci_table) == 128, "what lies before the PRDs");
#define AHCI_LIST_BYTES 1024u
#define AHCI_FIS_BYTES  256u

/* ------------------------------------------------------------------ an access */

struct hba_access {
    struct audit_hba *audit;
    struct audit_hba_port *port; /* NULL: the register is no port's */
    unsigned number;             /* of the port */
    enum routine routine;        /* of a write */
};

#define ACCUSE(at, rule, ...)                                                         \
    do {                                                                              \
        if (!(at)->port || !(at)->port->is_quiet)                                     \
            contract_report(rule, NULL, routine_name((at)->routine), report_caller(), \
                            __VA_ARGS__);                                             \
    } while (0)

/* Is PxCMD.ST set, as far as it is known? Otherwise that is said of the register named. */
bool ahci_is_started(const struct hba_access *at, const char *name);
/* Does all of it lie in one piece of memory that the controller's drivers have (dma_memory.h)? */
bool ahci_reaches(const struct audit_hba *audit, uint64_t physical, uint64_t byte_count);
/* Of the command list, as many as the controller has slots. */
uint32_t ahci_list_bytes(const struct audit_hba *audit);
/* PxIS, and IS. */
void ahci_read_port_interrupts(struct audit_hba_port *port, uint32_t value);
void ahci_read_interrupts(struct audit_hba *audit, uint32_t value);
void ahci_write_interrupts(const struct hba_access *at, uint32_t value);
/* PxCI is about to be written: judges the commands of its slots. As audit_ahci_write. */
bool ahci_issue(const struct hba_access *at, uint32_t *slots);

#endif
