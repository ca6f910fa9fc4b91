/* SPDX-License-Identifier: MIT */
/*
 * The registry as text: Windows' .reg format, version 5.00, read and written.
 *
 * Owns no memory but what the store keeps. May not recurse, nor trust a byte of what it reads. Not
 * entered from interrupts. Reading takes time linear in the file.
 *
 * Read: UTF-8 and UTF-16, with or without byte order mark; lines end in LF, CR LF or CR, or in all
 * of them. The file's first line is REG_FILE_HEADER (its absence is reported; the rest counts all
 * the same), or REGEDIT4: then bytes of string types are ASCII characters, as in Windows, and
 * become UTF-16, and nothing is to be appended. Files of other kinds are refused as a whole.
 *
 *   [KEY]            the key exists: a full path from a root key, also HKLM, HKCU, HKCR, HKU, HKCC.
 *                    It ends at the line's last ], since names may hold one. One backslash behind
 *                    it is ignored
 *   [-KEY]           the key is deleted with all below it
 *   "NAME"=DATA      a value; \\ and \" are the escapes, in names and in strings
 *   @=DATA           the default value, whose name is empty; so is ""=DATA
 *   ; text           comment, on a line of its own or behind a key or value; # only on its own
 *
 *   DATA: "text"                   REG_SZ: UTF-16 with its terminator
 *         dword:H                  REG_DWORD: one to eight hexadecimal digits
 *         hex:HH,HH  hex(N):HH,HH  REG_BINARY, or any type: bytes of one or two digits, type N in
 *                                  hexadecimal. A backslash in place of a byte goes on on the
 *                                  next line that is neither blank nor a comment; a comment may
 *                                  stand behind it. The last byte may have a comma behind it
 *         str:"text" str(N):"text" as "text", of any type
 *         -                        the value is deleted
 *
 * Later lines win. A damaged line is reported as `file:line:column: sentence` and skipped; so are
 * the values below a damaged key. The first REG_FILE_MAX_REPORTS are reported, the others counted.
 *
 * Batches. What is appended while the system runs stands between two lines of exactly this form:
 *
 *   ; batch N begin
 *   ; batch N end crc32=XXXXXXXX bytes=B
 *
 * N is decimal, from 1 to 4294967295. The check value is the CRC-32 (IEEE 802.3, reflected) of the
 * characters from the semicolon of the begin line up to and with the line end before the end line,
 * taken as UTF-8 with every line end as one LF, and B is the number of these bytes: so a batch
 * outlives a conversion of the file's encoding or line ends. A batch without its right end line
 * (none before the next begin line or the end of the file, another number, another check value) is
 * ignored, as if its lines were not there.
 *
 * What was to be appended may be lost in part, from any byte to any other: the host's disk was
 * full. An end line without a begin line is what is left of a batch, with the lines above it. So
 * lines that begin at most B bytes above it are ignored, too, but none above another batch's line;
 * B is missing in files of older versions, and then the lines count, and the damage is said. Where
 * an odd number of bytes was lost from UTF-16, the next begin or end line shows where characters
 * begin again. All other lines outside count always. A batch takes effect as a whole or, when
 * memory runs out, not at all.
 *
 * Written: what is above, with these in addition, for the common tools: every [ and ; follows a
 * blank line; comments stand only between keys; keys follow their parents; dword has eight digits;
 * text is quoted when it is printable ASCII and properly terminated, and is hex(1): otherwise. Root
 * keys, which always exist, have no line of their own unless they have values.
 */
#ifndef PORT_REGISTRY_REG_FILE_H
#define PORT_REGISTRY_REG_FILE_H

#include "port/registry/store.h"

#define REG_FILE_HEADER      "Windows Registry Editor Version 5.00"
#define REG_FILE_MAX_REPORTS 20u

enum reg_encoding {
    REG_UTF8,
    REG_UTF16LE,
    REG_UTF16BE,
};

/* How a file is written, so that what is appended looks the same. */
struct reg_format {
    enum reg_encoding encoding;
    bool has_crlf;      /* lines end in CR LF */
    bool is_empty;      /* not even a header */
    bool line_open;     /* the last line has no end */
    bool half_unit;     /* UTF-16, and the last character is half there */
    uint8_t other_half; /* the byte to complete it with */
};

/* ------------------------------------------------------------------ reading */

struct reg_source {
    const char *name; /* for messages */
    const void *bytes;
    size_t byte_count;
};

/* One message, without a line end. */
struct reg_report {
    void (*line)(void *context, const char *text);
    void *context;
};

struct reg_summary {
    struct reg_format format;
    uint32_t keys, values, deletions; /* lines that took effect */
    uint32_t batches, last_batch;     /* batches that took effect; the highest number seen at all */
    uint32_t ignored_batches, damaged_lines;
    uint32_t voided_lines; /* above an end line without its begin line */
    bool has_header;       /* its first line, but for comments, is one that it should have */
    bool is_refused;       /* it is no .reg text of a kind that is read: nothing took effect */
    bool is_version_4;     /* REGEDIT4: nothing may be appended */
    bool out_of_memory;
};

/* Is something in the file that did not take effect? */
static inline bool reg_is_damaged(const struct reg_summary *summary)
{
    return summary->ignored_batches > 0 || summary->damaged_lines > 0 || summary->voided_lines > 0;
}

/* The counts, in words; as snprintf. */
int reg_summary_words(const struct reg_summary *summary, char *text, size_t size);

/* Applies the file to the store, in the store's present layer. */
void reg_file_load(struct store *store, const struct reg_source *source,
                   const struct reg_report *report, struct reg_summary *summary);

/* Sets a value from text such as `dword:1f`, `hex(7):41,00,00,00`, `"text"`; and `sz:text`, which
 * takes everything behind the colon as it stands. False: nothing has changed; *fault says why,
 * *column where. */
bool reg_set_from_text(struct store *store, struct registry_name path, struct registry_name name,
                       struct registry_name text, const char **fault, uint32_t *column);

/* ------------------------------------------------------------------ writing */

#define REG_WRITER_BUFFER 512u

struct reg_writer {
    /* Takes the bytes, at most REG_WRITER_BUFFER at a time; in UTF-16 always whole units. False:
     * they could not be written, and nothing more is asked for. */
    bool (*write)(void *context, const void *bytes, size_t byte_count);
    void *context;
    enum reg_encoding encoding;
    bool has_crlf;
    bool failed;
    uint32_t crc, byte_count;    /* of what was put since the batch's begin line, as UTF-8 */
    uint32_t column;             /* characters in the present line */
    const struct store_key *key; /* the values' */
    size_t used;
    uint8_t buffer[REG_WRITER_BUFFER];
};

void reg_writer_init(struct reg_writer *writer,
                     bool (*write)(void *context, const void *bytes, size_t byte_count),
                     void *context, enum reg_encoding encoding, bool has_crlf);
/* Hands on what is still in the buffer. False: something could not be written. */
bool reg_writer_finish(struct reg_writer *writer);

/* A value's data on one line, as it stands behind the equals sign. */
void reg_write_data(struct reg_writer *writer, const struct store_value *value);
/* A value, name and data, as a line of its own. */
void reg_write_line(struct reg_writer *writer, const struct store_value *value);
/* A key's path. */
void reg_write_path(struct reg_writer *writer, const struct store_key *key);

/* The header, then every key and value of all layers at or below `top` (store->top: everything). */
void reg_write_export(struct reg_writer *writer, const struct store_key *top);

/* Makes the end of a file fit for a batch: completes a half unit, ends an open line; an empty file
 * gets a header. */
void reg_write_join(struct reg_writer *writer, const struct reg_format *format);

/* The journal of the running transaction as one batch. */
void reg_write_changes(struct reg_writer *writer, const struct store *store, uint32_t batch);

/* All that the file layer ever said, in as few lines as say the same over any other layers, as one
 * batch whose first comment is REG_SNAPSHOT_COMMENT: a file of the header, this batch, and what
 * follows it means the same as the whole file. */
#define REG_SNAPSHOT_COMMENT "; snapshot of all above"
void reg_write_snapshot(struct reg_writer *writer, const struct store *store, uint32_t batch);

/* The same as a file of its own, without batch. */
void reg_write_compact(struct reg_writer *writer, const struct store *store);

#endif
