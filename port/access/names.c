/* SPDX-License-Identifier: MIT */
/* Names of registers and their bits; see names.h. Any context. */
#include "port/access/names.h"

#include <stdio.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* ------------------------------------------------------------------ the task file */

static const struct {
    const char *read, *written;
    const char *old; /* before ATA/ATAPI-6 */
    uint8_t read_bits, write_bits;
} registers[ROLE_COUNT] = {
    [ROLE_NONE] = {"?", "?", "", 0, 0},
    [ROLE_DATA] = {"Data", "Data", "", 0, 0},
    [ROLE_ERROR] = {"Error", "Features", "", BITS_ERROR, 0},
    [ROLE_SECTOR_COUNT] = {"Sector Count", "Sector Count", "Interrupt Reason", 0, 0},
    [ROLE_LBA_LOW] = {"LBA Low", "LBA Low", "Sector Number", 0, 0},
    [ROLE_LBA_MID] = {"LBA Mid", "LBA Mid", "Cylinder Low", 0, 0},
    [ROLE_LBA_HIGH] = {"LBA High", "LBA High", "Cylinder High", 0, 0},
    [ROLE_DEVICE] = {"Device", "Device", "Device/Head", 0, 0},
    [ROLE_STATUS] = {"Status", "Command", "", BITS_STATUS, 0},
    [ROLE_ALTERNATE_STATUS] = {"Alternate Status", "Device Control", "", BITS_STATUS,
                               BITS_DEVICE_CONTROL},
    [ROLE_BUS_MASTER_COMMAND] = {"Bus Master Command", "Bus Master Command", "",
                                 BITS_BUS_MASTER_COMMAND, BITS_BUS_MASTER_COMMAND},
    [ROLE_BUS_MASTER_STATUS] = {"Bus Master Status", "Bus Master Status", "",
                                BITS_BUS_MASTER_STATUS, BITS_BUS_MASTER_STATUS},
    [ROLE_BUS_MASTER_TABLE] = {"PRD Table Address", "PRD Table Address", "", 0, 0},
    [ROLE_BUS_MASTER_TABLE_1] = {"PRD Table Address + 1", "PRD Table Address + 1", "", 0, 0},
    [ROLE_BUS_MASTER_TABLE_2] = {"PRD Table Address + 2", "PRD Table Address + 2", "", 0, 0},
    [ROLE_BUS_MASTER_TABLE_3] = {"PRD Table Address + 3", "PRD Table Address + 3", "", 0, 0},
};

const char *register_name(enum access_role role, bool is_write)
{
    return is_write ? registers[role].written : registers[role].read;
}

enum access_role register_role(const char *word, size_t length)
{
    for (size_t i = ROLE_NONE + 1; i < ROLE_COUNT; i++)
        if (name_is(registers[i].read, word, length) ||
            name_is(registers[i].written, word, length) || name_is(registers[i].old, word, length))
            return (enum access_role)i;
    return ROLE_NONE;
}

enum name_bits register_bits(enum access_role role, bool is_write)
{
    return (enum name_bits)(is_write ? registers[role].write_bits : registers[role].read_bits);
}

/* ------------------------------------------------------------------ AHCI */

struct ahci_name {
    uint8_t offset, bits;
    char name[12];
};

/* AHCI 1.3.1, 3.1 and 3.3. */
static const struct ahci_name hba_registers[] = {
    {0x00, 0, "CAP"},     {0x04, BITS_AHCI_GHC, "GHC"},
    {0x08, 0, "IS"},      {0x0C, 0, "PI"},
    {0x10, 0, "VS"},      {0x14, 0, "CCC_CTL"},
    {0x18, 0, "CCC_PTS"}, {0x1C, 0, "EM_LOC"},
    {0x20, 0, "EM_CTL"},  {0x24, 0, "CAP2"},
    {0x28, 0, "BOHC"},
};
static const struct ahci_name port_registers[] = {
    {0x00, 0, "PxCLB"},
    {0x04, 0, "PxCLBU"},
    {0x08, 0, "PxFB"},
    {0x0C, 0, "PxFBU"},
    {0x10, BITS_AHCI_PXIS, "PxIS"},
    {0x14, BITS_AHCI_PXIE, "PxIE"},
    {0x18, BITS_AHCI_PXCMD, "PxCMD"},
    {0x20, BITS_AHCI_PXTFD, "PxTFD"},
    {0x24, 0, "PxSIG"},
    {0x28, BITS_AHCI_PXSSTS, "PxSSTS"},
    {0x2C, BITS_AHCI_PXSCTL, "PxSCTL"},
    {0x30, BITS_AHCI_PXSERR, "PxSERR"},
    {0x34, 0, "PxSACT"},
    {0x38, 0, "PxCI"},
    {0x3C, 0, "PxSNTF"},
    {0x40, 0, "PxFBS"},
    {0x44, 0, "PxDEVSLP"},
};

static const struct ahci_name *ahci_register(uint32_t offset, int *port)
{
    bool is_port = offset >= AHCI_PORTS_OFFSET;
    const struct ahci_name *names = is_port ? port_registers : hba_registers;
    size_t count = is_port ? LENGTH(port_registers) : LENGTH(hba_registers);

    *port = is_port ? (int)((offset - AHCI_PORTS_OFFSET) / AHCI_PORT_SIZE) : -1;
    offset = is_port ? (offset - AHCI_PORTS_OFFSET) % AHCI_PORT_SIZE : offset;
    for (size_t i = 0; i < count && *port < 32; i++)
        if (names[i].offset == offset)
            return &names[i];
    return NULL;
}

const char *ahci_register_name(uint32_t offset, int *port)
{
    const struct ahci_name *name = ahci_register(offset, port);
    return name ? name->name : NULL;
}

enum name_bits ahci_register_bits(uint32_t offset)
{
    int port;
    const struct ahci_name *name = ahci_register(offset, &port);
    return name ? (enum name_bits)name->bits : BITS_NONE;
}

bool ahci_register_offset(const char *word, size_t length, uint32_t *offset, int *port)
{
    char general[12];
    size_t digits = 0;

    *port = -1;
    for (size_t i = 0; i < LENGTH(hba_registers); i++) {
        if (name_is(hba_registers[i].name, word, length)) {
            *offset = hba_registers[i].offset;
            return true;
        }
    }
    /* "P12TFD" is port 12's PxTFD. */
    while (1 + digits < length && digits < 2 && word[1 + digits] >= '0' && word[1 + digits] <= '9')
        digits++;
    if (digits > 0 && length - digits < sizeof general - 1) {
        *port = digits == 1 ? word[1] - '0' : (word[1] - '0') * 10 + word[2] - '0';
        snprintf(general, sizeof general, "%cx%.*s", word[0], (int)(length - 1 - digits),
                 word + 1 + digits);
        word = general;
        length = strlen(general);
    }
    for (size_t i = 0; i < LENGTH(port_registers) && *port < 32; i++) {
        if (name_is(port_registers[i].name, word, length)) {
            *offset = AHCI_PORTS_OFFSET + (uint32_t)(*port < 0 ? 0 : *port) * AHCI_PORT_SIZE +
                      port_registers[i].offset;
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------------ bits */

/* Fields of several bits have their value beside their name. A row for a mask that an earlier one
 * had is another name for it. */
static const struct name_bit {
    uint8_t set; /* enum name_bits */
    uint8_t first, last;
    char name[13];
} all_bits[] = {
    {BITS_STATUS, 7, 7, "BSY"},
    {BITS_STATUS, 6, 6, "DRDY"},
    {BITS_STATUS, 5, 5, "DF"},
    {BITS_STATUS, 4, 4, "DSC"},
    {BITS_STATUS, 3, 3, "DRQ"},
    {BITS_STATUS, 2, 2, "CORR"},
    {BITS_STATUS, 1, 1, "IDX"},
    {BITS_STATUS, 0, 0, "ERR"},
    {BITS_STATUS, 4, 4, "SERV"},
    {BITS_STATUS, 0, 0, "CHK"},

    {BITS_ERROR, 7, 7, "ICRC"},
    {BITS_ERROR, 6, 6, "UNC"},
    {BITS_ERROR, 5, 5, "MC"},
    {BITS_ERROR, 4, 4, "IDNF"},
    {BITS_ERROR, 3, 3, "MCR"},
    {BITS_ERROR, 2, 2, "ABRT"},
    {BITS_ERROR, 1, 1, "NM"},
    {BITS_ERROR, 0, 0, "AMNF"},
    {BITS_ERROR, 7, 7, "BBK"},
    {BITS_ERROR, 1, 1, "TK0NF"},

    {BITS_PACKET_ERROR, 2, 2, "ABRT"},
    {BITS_PACKET_ERROR, 1, 1, "EOM"},
    {BITS_PACKET_ERROR, 0, 0, "ILI"},

    {BITS_INTERRUPT_REASON, 2, 2, "REL"},
    {BITS_INTERRUPT_REASON, 1, 1, "I/O"},
    {BITS_INTERRUPT_REASON, 0, 0, "C/D"},

    {BITS_DEVICE_CONTROL, 7, 7, "HOB"},
    {BITS_DEVICE_CONTROL, 2, 2, "SRST"},
    {BITS_DEVICE_CONTROL, 1, 1, "nIEN"},

    {BITS_BUS_MASTER_COMMAND, 3, 3, "to-memory"},
    {BITS_BUS_MASTER_COMMAND, 0, 0, "start"},

    {BITS_BUS_MASTER_STATUS, 7, 7, "Simplex"},
    {BITS_BUS_MASTER_STATUS, 6, 6, "Drive-1-DMA"},
    {BITS_BUS_MASTER_STATUS, 5, 5, "Drive-0-DMA"},
    {BITS_BUS_MASTER_STATUS, 2, 2, "Interrupt"},
    {BITS_BUS_MASTER_STATUS, 1, 1, "Error"},
    {BITS_BUS_MASTER_STATUS, 0, 0, "Active"},

    {BITS_AHCI_GHC, 31, 31, "AE"},
    {BITS_AHCI_GHC, 2, 2, "MRSM"},
    {BITS_AHCI_GHC, 1, 1, "IE"},
    {BITS_AHCI_GHC, 0, 0, "HR"},

#define INTERRUPTS(set, S)                                                                   \
    {set, 31, 31, "CPD" S}, {set, 30, 30, "TFE" S}, {set, 29, 29, "HBF" S},                  \
        {set, 28, 28, "HBD" S}, {set, 27, 27, "IF" S}, {set, 26, 26, "INF" S},               \
        {set, 24, 24, "OF" S}, {set, 23, 23, "IPM" S}, {set, 22, 22, "PRC" S},               \
        {set, 7, 7, "DMP" S}, {set, 6, 6, "PC" S}, {set, 5, 5, "DP" S}, {set, 4, 4, "UF" S}, \
        {set, 3, 3, "SDB" S}, {set, 2, 2, "DS" S}, {set, 1, 1, "PS" S},                      \
    {                                                                                        \
        set, 0, 0, "DHR" S                                                                   \
    }
    INTERRUPTS(BITS_AHCI_PXIS, "S"),
    INTERRUPTS(BITS_AHCI_PXIE, "E"),

    {BITS_AHCI_PXCMD, 28, 31, "ICC"},
    {BITS_AHCI_PXCMD, 27, 27, "ASP"},
    {BITS_AHCI_PXCMD, 26, 26, "ALPE"},
    {BITS_AHCI_PXCMD, 25, 25, "DLAE"},
    {BITS_AHCI_PXCMD, 24, 24, "ATAPI"},
    {BITS_AHCI_PXCMD, 23, 23, "APSTE"},
    {BITS_AHCI_PXCMD, 22, 22, "FBSCP"},
    {BITS_AHCI_PXCMD, 21, 21, "ESP"},
    {BITS_AHCI_PXCMD, 20, 20, "CPD"},
    {BITS_AHCI_PXCMD, 19, 19, "MPSP"},
    {BITS_AHCI_PXCMD, 18, 18, "HPCP"},
    {BITS_AHCI_PXCMD, 17, 17, "PMA"},
    {BITS_AHCI_PXCMD, 16, 16, "CPS"},
    {BITS_AHCI_PXCMD, 15, 15, "CR"},
    {BITS_AHCI_PXCMD, 14, 14, "FR"},
    {BITS_AHCI_PXCMD, 13, 13, "MPSS"},
    {BITS_AHCI_PXCMD, 8, 12, "CCS"},
    {BITS_AHCI_PXCMD, 4, 4, "FRE"},
    {BITS_AHCI_PXCMD, 3, 3, "CLO"},
    {BITS_AHCI_PXCMD, 2, 2, "POD"},
    {BITS_AHCI_PXCMD, 1, 1, "SUD"},
    {BITS_AHCI_PXCMD, 0, 0, "ST"},

    {BITS_AHCI_PXSSTS, 8, 11, "IPM"},
    {BITS_AHCI_PXSSTS, 4, 7, "SPD"},
    {BITS_AHCI_PXSSTS, 0, 3, "DET"},
    {BITS_AHCI_PXSCTL, 8, 11, "IPM"},
    {BITS_AHCI_PXSCTL, 4, 7, "SPD"},
    {BITS_AHCI_PXSCTL, 0, 3, "DET"},

    /* DIAG, then ERR. */
    {BITS_AHCI_PXSERR, 26, 26, "DIAG.X"},
    {BITS_AHCI_PXSERR, 25, 25, "DIAG.F"},
    {BITS_AHCI_PXSERR, 24, 24, "DIAG.T"},
    {BITS_AHCI_PXSERR, 23, 23, "DIAG.S"},
    {BITS_AHCI_PXSERR, 22, 22, "DIAG.H"},
    {BITS_AHCI_PXSERR, 21, 21, "DIAG.C"},
    {BITS_AHCI_PXSERR, 20, 20, "DIAG.D"},
    {BITS_AHCI_PXSERR, 19, 19, "DIAG.B"},
    {BITS_AHCI_PXSERR, 18, 18, "DIAG.W"},
    {BITS_AHCI_PXSERR, 17, 17, "DIAG.I"},
    {BITS_AHCI_PXSERR, 16, 16, "DIAG.N"},
    {BITS_AHCI_PXSERR, 11, 11, "ERR.E"},
    {BITS_AHCI_PXSERR, 10, 10, "ERR.P"},
    {BITS_AHCI_PXSERR, 9, 9, "ERR.C"},
    {BITS_AHCI_PXSERR, 8, 8, "ERR.T"},
    {BITS_AHCI_PXSERR, 1, 1, "ERR.M"},
    {BITS_AHCI_PXSERR, 0, 0, "ERR.I"},
};

static uint32_t mask_of(const struct name_bit *bit)
{
    return UINT32_MAX >> (31 - bit->last) & UINT32_MAX << bit->first;
}

/* Puts more behind a text; returns the new length. */
static size_t add(char *text, size_t size, size_t length, const char *name, int value)
{
    const char *blank = length ? " " : "";
    int more = value < 0 ? snprintf(text + length, size - length, "%s%s", blank, name)
                         : snprintf(text + length, size - length, "%s%s %d", blank, name, value);
    return length + (size_t)more < size ? length + (size_t)more : size - 1;
}

size_t bits_write(enum name_bits bits, uint32_t value, char *text, size_t size)
{
    size_t length = 0;

    text[0] = 0;
    if (bits == BITS_AHCI_PXTFD) {
        length = bits_write(BITS_STATUS, value & 0xFF, text, size);
        if (value & 0xFF00 && length + 1 < size) {
            length = add(text, size, length, "Error", -1);
            if (length + 2 < size)
                text[length++] = ' ';
            length += bits_write(BITS_ERROR, value >> 8 & 0xFF, text + length, size - length);
        }
        return length;
    }
    if (bits == BITS_PACKET_ERROR && value & 0xF0)
        length = add(text, size, length, sense_key_name((uint8_t)(value >> 4)), -1);
    for (size_t i = 0; i < LENGTH(all_bits); i++) {
        const struct name_bit *bit = &all_bits[i];
        if (bit->set != bits || !(value & mask_of(bit)))
            continue;
        uint32_t field = (value & mask_of(bit)) >> bit->first;
        length = add(text, size, length, bit->name, bit->first == bit->last ? -1 : (int)field);
        value &= ~mask_of(bit);
    }
    return length;
}

bool bits_mask(enum name_bits bits, const char *word, size_t length, uint32_t *mask)
{
    for (size_t i = 0; i < LENGTH(all_bits); i++) {
        if (all_bits[i].set == bits && name_is(all_bits[i].name, word, length)) {
            *mask = mask_of(&all_bits[i]);
            return true;
        }
    }
    return false;
}
