/* SPDX-License-Identifier: MIT */
/* Names of commands, subcommands and sense keys; see names.h. Any context. */
#include <stdio.h>
#include <string.h>

#include "port/access/names.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* ------------------------------------------------------------------ ATA */

/* ATA/ATAPI-6, and what SATA and NCQ brought since; those that drivers of older disks still send.
 * The first row of two with the same name is the one that the name means. */
static const struct ata_command commands[] = {
    {0x00, SHAPE_PLAIN, "NOP"},
    {0x03, SHAPE_PLAIN, "CFA REQUEST EXTENDED ERROR"},
    {0x06, SHAPE_48, "DATA SET MANAGEMENT"},
    {0x08, SHAPE_PLAIN, "DEVICE RESET"},
    {0x10, SHAPE_PLAIN, "RECALIBRATE"},
    {0x20, SHAPE_28, "READ SECTOR(S)"},
    {0x21, SHAPE_28, "READ SECTOR(S)"}, /* without retries */
    {0x24, SHAPE_48, "READ SECTOR(S) EXT"},
    {0x25, SHAPE_48, "READ DMA EXT"},
    {0x26, SHAPE_QUEUED, "READ DMA QUEUED EXT"},
    {0x27, SHAPE_PLAIN, "READ NATIVE MAX ADDRESS EXT"},
    {0x29, SHAPE_48, "READ MULTIPLE EXT"},
    {0x2A, SHAPE_48, "READ STREAM DMA EXT"},
    {0x2B, SHAPE_48, "READ STREAM EXT"},
    {0x2F, SHAPE_48, "READ LOG EXT"},
    {0x30, SHAPE_28, "WRITE SECTOR(S)"},
    {0x31, SHAPE_28, "WRITE SECTOR(S)"},
    {0x34, SHAPE_48, "WRITE SECTOR(S) EXT"},
    {0x35, SHAPE_48, "WRITE DMA EXT"},
    {0x36, SHAPE_QUEUED, "WRITE DMA QUEUED EXT"},
    {0x37, SHAPE_48, "SET MAX ADDRESS EXT"},
    {0x38, SHAPE_28, "CFA WRITE SECTORS WITHOUT ERASE"},
    {0x39, SHAPE_48, "WRITE MULTIPLE EXT"},
    {0x3A, SHAPE_48, "WRITE STREAM DMA EXT"},
    {0x3B, SHAPE_48, "WRITE STREAM EXT"},
    {0x3D, SHAPE_48, "WRITE DMA FUA EXT"},
    {0x3E, SHAPE_QUEUED, "WRITE DMA QUEUED FUA EXT"},
    {0x3F, SHAPE_48, "WRITE LOG EXT"},
    {0x40, SHAPE_28, "READ VERIFY SECTOR(S)"},
    {0x41, SHAPE_28, "READ VERIFY SECTOR(S)"},
    {0x42, SHAPE_48, "READ VERIFY SECTOR(S) EXT"},
    {0x45, SHAPE_48, "WRITE UNCORRECTABLE EXT"},
    {0x47, SHAPE_48, "READ LOG DMA EXT"},
    {0x57, SHAPE_48, "WRITE LOG DMA EXT"},
    {0x60, SHAPE_QUEUED, "READ FPDMA QUEUED"},
    {0x61, SHAPE_QUEUED, "WRITE FPDMA QUEUED"},
    {0x63, SHAPE_QUEUED, "NCQ NON-DATA"},
    {0x64, SHAPE_QUEUED, "SEND FPDMA QUEUED"},
    {0x65, SHAPE_QUEUED, "RECEIVE FPDMA QUEUED"},
    {0x70, SHAPE_28, "SEEK"},
    {0x87, SHAPE_28, "CFA TRANSLATE SECTOR"},
    {0x90, SHAPE_PLAIN, "EXECUTE DEVICE DIAGNOSTIC"},
    {0x91, SHAPE_COUNT, "INITIALIZE DEVICE PARAMETERS"},
    {0x92, SHAPE_COUNT, "DOWNLOAD MICROCODE"},
    {0xA0, SHAPE_PACKET, "PACKET"},
    {0xA1, SHAPE_PLAIN, "IDENTIFY PACKET DEVICE"},
    {0xA2, SHAPE_PLAIN, "SERVICE"},
    {0xB0, SHAPE_FEATURE, "SMART"},
    {0xB1, SHAPE_FEATURE, "DEVICE CONFIGURATION"},
    {0xC0, SHAPE_28, "CFA ERASE SECTORS"},
    {0xC4, SHAPE_28, "READ MULTIPLE"},
    {0xC5, SHAPE_28, "WRITE MULTIPLE"},
    {0xC6, SHAPE_COUNT, "SET MULTIPLE MODE"},
    {0xC7, SHAPE_QUEUED, "READ DMA QUEUED"},
    {0xC8, SHAPE_28, "READ DMA"},
    {0xC9, SHAPE_28, "READ DMA"},
    {0xCA, SHAPE_28, "WRITE DMA"},
    {0xCB, SHAPE_28, "WRITE DMA"},
    {0xCC, SHAPE_QUEUED, "WRITE DMA QUEUED"},
    {0xCD, SHAPE_28, "CFA WRITE MULTIPLE WITHOUT ERASE"},
    {0xCE, SHAPE_48, "WRITE MULTIPLE FUA EXT"},
    {0xD1, SHAPE_PLAIN, "CHECK MEDIA CARD TYPE"},
    {0xDA, SHAPE_PLAIN, "GET MEDIA STATUS"},
    {0xDE, SHAPE_PLAIN, "MEDIA LOCK"},
    {0xDF, SHAPE_PLAIN, "MEDIA UNLOCK"},
    {0xE0, SHAPE_PLAIN, "STANDBY IMMEDIATE"},
    {0xE1, SHAPE_PLAIN, "IDLE IMMEDIATE"},
    {0xE2, SHAPE_COUNT, "STANDBY"},
    {0xE3, SHAPE_COUNT, "IDLE"},
    {0xE4, SHAPE_PLAIN, "READ BUFFER"},
    {0xE5, SHAPE_PLAIN, "CHECK POWER MODE"},
    {0xE6, SHAPE_PLAIN, "SLEEP"},
    {0xE7, SHAPE_PLAIN, "FLUSH CACHE"},
    {0xE8, SHAPE_PLAIN, "WRITE BUFFER"},
    {0xEA, SHAPE_PLAIN, "FLUSH CACHE EXT"},
    {0xEC, SHAPE_PLAIN, "IDENTIFY DEVICE"},
    {0xED, SHAPE_PLAIN, "MEDIA EJECT"},
    {0xEF, SHAPE_FEATURE, "SET FEATURES"},
    {0xF1, SHAPE_PLAIN, "SECURITY SET PASSWORD"},
    {0xF2, SHAPE_PLAIN, "SECURITY UNLOCK"},
    {0xF3, SHAPE_PLAIN, "SECURITY ERASE PREPARE"},
    {0xF4, SHAPE_PLAIN, "SECURITY ERASE UNIT"},
    {0xF5, SHAPE_PLAIN, "SECURITY FREEZE LOCK"},
    {0xF6, SHAPE_PLAIN, "SECURITY DISABLE PASSWORD"},
    {0xF8, SHAPE_PLAIN, "READ NATIVE MAX ADDRESS"},
    {0xF9, SHAPE_28, "SET MAX ADDRESS"},
};

const struct ata_command *ata_command(uint8_t opcode)
{
    for (size_t i = 0; i < LENGTH(commands); i++)
        if (commands[i].opcode == opcode)
            return &commands[i];
    return NULL;
}

bool ata_command_opcode(const char *word, size_t length, uint8_t *opcode)
{
    for (size_t i = 0; i < LENGTH(commands); i++) {
        if (name_is(commands[i].name, word, length)) {
            *opcode = commands[i].opcode;
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------------ one byte and its name */

struct code {
    uint8_t value;
    const char *name;
};

static const char *name_of(const struct code *codes, size_t count, uint8_t value)
{
    for (size_t i = 0; i < count; i++)
        if (codes[i].value == value)
            return codes[i].name;
    return NULL;
}

static bool value_of(const struct code *codes, size_t count, const char *word, size_t length,
                     uint8_t *value)
{
    for (size_t i = 0; i < count; i++) {
        if (name_is(codes[i].name, word, length)) {
            *value = codes[i].value;
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------------ subcommands */

/* ATA/ATAPI-6, 8: SET FEATURES. */
static const struct code set_features[] = {
    {0x01, "Enable 8-bit PIO transfer mode"},
    {0x02, "Enable write cache"},
    {0x03, "Set transfer mode"},
    {0x05, "Enable advanced power management"},
    {0x06, "Enable Power-Up In Standby"},
    {0x07, "Power-Up In Standby device spin-up"},
    {0x0A, "Enable CFA power mode 1"},
    {0x10, "Enable use of SATA feature"},
    {0x31, "Disable Media Status Notification"},
    {0x42, "Enable automatic acoustic management"},
    {0x55, "Disable read look-ahead"},
    {0x5D, "Enable release interrupt"},
    {0x5E, "Enable SERVICE interrupt"},
    {0x66, "Disable reverting to power-on defaults"},
    {0x81, "Disable 8-bit PIO transfer mode"},
    {0x82, "Disable write cache"},
    {0x85, "Disable advanced power management"},
    {0x86, "Disable Power-Up In Standby"},
    {0x8A, "Disable CFA power mode 1"},
    {0x90, "Disable use of SATA feature"},
    {0x95, "Enable Media Status Notification"},
    {0xAA, "Enable read look-ahead"},
    {0xC2, "Disable automatic acoustic management"},
    {0xCC, "Enable reverting to power-on defaults"},
    {0xDD, "Disable release interrupt"},
    {0xDE, "Disable SERVICE interrupt"},
};

/* ATA/ATAPI-6, 8: SMART. */
static const struct code smart[] = {
    {0xD0, "READ DATA"},
    {0xD1, "READ ATTRIBUTE THRESHOLDS"},
    {0xD2, "ENABLE/DISABLE ATTRIBUTE AUTOSAVE"},
    {0xD3, "SAVE ATTRIBUTE VALUES"},
    {0xD4, "EXECUTE OFF-LINE IMMEDIATE"},
    {0xD5, "READ LOG"},
    {0xD6, "WRITE LOG"},
    {0xD8, "ENABLE OPERATIONS"},
    {0xD9, "DISABLE OPERATIONS"},
    {0xDA, "RETURN STATUS"},
};

const char *ata_feature_name(uint8_t opcode, uint8_t features)
{
    if (opcode == 0xEF)
        return name_of(set_features, LENGTH(set_features), features);
    if (opcode == 0xB0)
        return name_of(smart, LENGTH(smart), features);
    return NULL;
}

void ata_mode_name(uint8_t mode, char *text, size_t size)
{
    static const char *const kinds[] = {
        [1] = "PIO flow control mode", [4] = "Multiword DMA mode", [8] = "Ultra DMA mode"};
    const char *kind = mode >> 3 < LENGTH(kinds) ? kinds[mode >> 3] : NULL;

    /* A transfer mode's kind is in bits 7:3. */
    if (mode <= 1)
        snprintf(text, size, "PIO default mode%s", mode ? ", IORDY off" : "");
    else if (kind)
        snprintf(text, size, "%s %u", kind, mode & 7u);
    else
        snprintf(text, size, "mode 0x%02x, which is none", mode);
}

/* ------------------------------------------------------------------ packets */

/* SPC, SBC and MMC. */
static const struct code packets[] = {
    {0x00, "TEST UNIT READY"},
    {0x01, "REZERO UNIT"},
    {0x03, "REQUEST SENSE"},
    {0x04, "FORMAT UNIT"},
    {0x08, "READ(6)"},
    {0x0A, "WRITE(6)"},
    {0x0B, "SEEK(6)"},
    {0x12, "INQUIRY"},
    {0x15, "MODE SELECT(6)"},
    {0x1A, "MODE SENSE(6)"},
    {0x1B, "START STOP UNIT"},
    {0x1E, "PREVENT ALLOW MEDIUM REMOVAL"},
    {0x23, "READ FORMAT CAPACITIES"},
    {0x25, "READ CAPACITY"},
    {0x28, "READ(10)"},
    {0x2A, "WRITE(10)"},
    {0x2B, "SEEK(10)"},
    {0x2E, "WRITE AND VERIFY(10)"},
    {0x2F, "VERIFY(10)"},
    {0x35, "SYNCHRONIZE CACHE"},
    {0x42, "READ SUB-CHANNEL"},
    {0x43, "READ TOC/PMA/ATIP"},
    {0x45, "PLAY AUDIO(10)"},
    {0x46, "GET CONFIGURATION"},
    {0x47, "PLAY AUDIO MSF"},
    {0x4A, "GET EVENT STATUS NOTIFICATION"},
    {0x4B, "PAUSE/RESUME"},
    {0x4E, "STOP PLAY/SCAN"},
    {0x51, "READ DISC INFORMATION"},
    {0x52, "READ TRACK INFORMATION"},
    {0x53, "RESERVE TRACK"},
    {0x54, "SEND OPC INFORMATION"},
    {0x55, "MODE SELECT(10)"},
    {0x5A, "MODE SENSE(10)"},
    {0x5B, "CLOSE TRACK/SESSION"},
    {0x5C, "READ BUFFER CAPACITY"},
    {0x5D, "SEND CUE SHEET"},
    {0xA1, "BLANK"},
    {0xA3, "SEND KEY"},
    {0xA4, "REPORT KEY"},
    {0xA6, "LOAD/UNLOAD MEDIUM"},
    {0xA8, "READ(12)"},
    {0xAA, "WRITE(12)"},
    {0xAC, "GET PERFORMANCE"},
    {0xAD, "READ DVD STRUCTURE"},
    {0xB6, "SET STREAMING"},
    {0xB9, "READ CD MSF"},
    {0xBA, "SCAN"},
    {0xBB, "SET CD SPEED"},
    {0xBD, "MECHANISM STATUS"},
    {0xBE, "READ CD"},
};

const char *packet_command_name(uint8_t opcode)
{
    return name_of(packets, LENGTH(packets), opcode);
}

bool packet_command_opcode(const char *word, size_t length, uint8_t *opcode)
{
    return value_of(packets, LENGTH(packets), word, length, opcode);
}

/* SPC-2, 7.20. */
const char *sense_key_name(uint8_t key)
{
    static const char *const names[] = {
        "NO SENSE",       "RECOVERED ERROR", "NOT READY",      "MEDIUM ERROR",
        "HARDWARE ERROR", "ILLEGAL REQUEST", "UNIT ATTENTION", "DATA PROTECT",
        "BLANK CHECK",    "VENDOR SPECIFIC", "COPY ABORTED",   "ABORTED COMMAND",
        "EQUAL",          "VOLUME OVERFLOW", "MISCOMPARE",     "RESERVED",
    };
    return names[key & 0xF];
}

/* SPC-2, table of additional sense codes: those of CD and DVD drives. The row without a qualifier
 * (FFh) is for all that have none of their own. */
static const struct sense_code {
    uint8_t code, qualifier;
    const char *name;
} sense_codes[] = {
    {0x00, 0x00, "nothing more to say"},
    {0x00, 0x11, "audio is playing"},
    {0x00, 0x14, "audio was stopped by an error"},
    {0x02, 0xFF, "no seek complete"},
    {0x04, 0x00, "not ready, cause not reported"},
    {0x04, 0x01, "becoming ready"},
    {0x04, 0x02, "needs to be started"},
    {0x04, 0x04, "formatting"},
    {0x04, 0x07, "an operation is in progress"},
    {0x04, 0x08, "a long write is in progress"},
    {0x04, 0xFF, "not ready"},
    {0x05, 0xFF, "no answer to selection"},
    {0x06, 0xFF, "no reference position"},
    {0x08, 0xFF, "communication with the unit failed"},
    {0x09, 0xFF, "tracking or focus error"},
    {0x0C, 0xFF, "write error"},
    {0x11, 0x05, "sector could not be corrected"},
    {0x11, 0xFF, "unrecovered read error"},
    {0x15, 0xFF, "positioning error"},
    {0x1A, 0xFF, "wrong length of a parameter list"},
    {0x1B, 0xFF, "synchronous data transfer error"},
    {0x20, 0xFF, "invalid operation code"},
    {0x21, 0xFF, "address out of range"},
    {0x24, 0xFF, "invalid field in the CDB"},
    {0x25, 0xFF, "logical unit not supported"},
    {0x26, 0xFF, "invalid field in the parameter list"},
    {0x27, 0xFF, "write-protected"},
    {0x28, 0xFF, "the medium may have changed"},
    {0x29, 0xFF, "power on or reset"},
    {0x2A, 0xFF, "parameters have changed"},
    {0x2B, 0xFF, "cannot disconnect to copy"},
    {0x2C, 0xFF, "wrong sequence of commands"},
    {0x2E, 0xFF, "not enough time for it"},
    {0x30, 0xFF, "medium of a wrong kind or format"},
    {0x31, 0xFF, "format of the medium is damaged"},
    {0x39, 0xFF, "saving parameters is not supported"},
    {0x3A, 0x01, "medium not present, tray closed"},
    {0x3A, 0x02, "medium not present, tray open"},
    {0x3A, 0xFF, "medium not present"},
    {0x3E, 0xFF, "logical unit is not configured yet"},
    {0x44, 0xFF, "failure inside the unit"},
    {0x4E, 0xFF, "overlapped commands"},
    {0x53, 0x02, "removal of the medium is prevented"},
    {0x53, 0xFF, "loading or ejecting failed"},
    {0x57, 0xFF, "the table of contents cannot be read"},
    {0x5A, 0xFF, "the operator wants something"},
    {0x63, 0xFF, "no more tracks on this medium"},
    {0x64, 0xFF, "not possible in this kind of track"},
    {0x6F, 0xFF, "copy protection"},
    {0x72, 0xFF, "error of a session"},
    {0x73, 0xFF, "error of CD control"},
};

const char *sense_code_name(uint8_t code, uint8_t qualifier)
{
    for (size_t i = 0; i < LENGTH(sense_codes); i++)
        if (sense_codes[i].code == code &&
            (sense_codes[i].qualifier == qualifier || sense_codes[i].qualifier == 0xFF))
            return sense_codes[i].name;
    return NULL;
}
