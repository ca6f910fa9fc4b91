/* SPDX-License-Identifier: MIT */
/*
 * HWR-24: has a device the command that it gets? By its IDENTIFY data, where they were read as a
 * whole. Of what a device may have without saying so nothing is said. See audit_judge.h. Any
 * context in which a miniport runs.
 */
#include <string.h>

#include "port/access/audit_judge.h"

/* ATA/ATAPI-6, 8.15: a word of IDENTIFY data; commands that a device has only if one of these bits
 * of it is set; and their name. */
static const struct support {
    uint8_t word;
    uint16_t bits;
    const char *opcodes, *name;
} supports[] = {
    {47, 0x00FF, "\x29\x39\xC4\xC5\xC6", "sectors of READ and WRITE MULTIPLE"},
    {49, 1u << 8, "\x25\x35\xC8\xC9\xCA\xCB", "DMA"},
    {82, 1u << 0, "\xB0", "SMART"},
    {82, 1u << 1, "\xF1\xF2\xF3\xF4\xF5\xF6", "Security feature set"},
    {82, 1u << 10, "\x27\x37\xF8\xF9", "Host Protected Area"},
    {82, 1u << 12, "\xE8", "WRITE BUFFER"},
    {82, 1u << 13, "\xE4", "READ BUFFER"},
    {83, 1u << 0, "\x92", "DOWNLOAD MICROCODE"},
    {83, 1u << 10, "\x24\x25\x27\x29\x34\x35\x37\x39\x42", "48-bit addresses"},
    {83, 1u << 11, "\xB1", "Device Configuration Overlay"},
    {83, 1u << 13, "\xEA", "FLUSH CACHE EXT"},
    {84, 1u << 4, "\x2A\x2B\x3A\x3B", "Streaming"},
    {84, 1u << 5, "\x2F\x3F", "General Purpose Logging"},
    {84, 1u << 6, "\x3D\xCE", "WRITE FUA"},
};

#define OPCODE_PACKET       0xA0u
#define OPCODE_READ_SECTORS 0x20u /* packet devices have it, and abort it (9.12) */
#define COMPACT_FLASH       0x848Au

/* Word 0: IDENTIFY PACKET DEVICE has 10b in its highest bits. */
static bool is_packet_device(const uint16_t *words)
{
    return (words[0] & 0xC000) == 0x8000 && words[0] != COMPACT_FLASH;
}

/* Words 82 and 83 have been there since ATA-3, and say so in 83; word 84 says so itself. */
static bool is_valid(const uint16_t *words, unsigned word)
{
    return (word != 82 && word != 83 && word != 84) ||
           (words[word == 84 ? 84 : 83] & 0xC000) == 0x4000;
}

static const struct support *missing_of(const uint16_t *words, uint8_t opcode)
{
    for (size_t i = 0; i < sizeof supports / sizeof *supports; i++)
        if (opcode && strchr(supports[i].opcodes, opcode) && is_valid(words, supports[i].word) &&
            !(words[supports[i].word] & supports[i].bits))
            return &supports[i];
    return NULL;
}

bool audit_is_unsupported(struct channel *channel, unsigned index, const char *command)
{
    const struct audit_device *device = &channel->audit.devices[index];
    const uint16_t *words = device->identify;
    const uint8_t opcode = channel->audit.current.command;
    const struct support *missing;

    if (!device->is_identified || audit_is_command_asked_for(channel, opcode))
        return false;
    if (is_packet_device(words)) {
        if (!(audit_opcodes[opcode].flags & OPCODE_ADDRESS) || opcode == OPCODE_READ_SECTORS)
            return false;
        AUDIT_REPORT(channel, RULE_HWR_24, AUDIT_WRITE_ROUTINE,
                     "%s: it is a packet device, which has no sectors for ATA commands", command);
        return true;
    }
    if (opcode == OPCODE_PACKET) {
        AUDIT_REPORT(channel, RULE_HWR_24, AUDIT_WRITE_ROUTINE, "%s: it is no packet device",
                     command);
        return true;
    }
    missing = missing_of(words, opcode);
    if (!missing)
        return false;
    AUDIT_REPORT(channel, RULE_HWR_24, AUDIT_WRITE_ROUTINE,
                 "%s: word %u of its IDENTIFY data, 0x%04x, has no %s", command, missing->word,
                 words[missing->word], missing->name);
    return true;
}
