/* SPDX-License-Identifier: MIT */
/*
 * The shell's texts: commands and words, numbers, the kernel's command line, module strings.
 *
 * SOURCES: boot/shell/words.c boot/shell/script.c boot/shell/numbers.c boot/options.c lib/utf.c lib/near.c
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "boot/options.h"
#include "boot/shell/numbers.h"
#include "boot/shell/script.h"
#include "boot/shell/words.h"
#include "tests/host/tap.h"

#define MAX_WORDS 8u

/* Copies to the heap without room to spare, so that the sanitizer sees a step too far. */
static char *exact_copy(const char *text, size_t length)
{
    char *copy = malloc(length ? length : 1);
    memcpy(copy, text, length);
    return copy;
}

/* ------------------------------------------------------------------ commands */

/* Cuts `text`; checks that the commands are those of `expected`, separated by '|'. */
static void check_commands(const char *text, const char *expected)
{
    size_t length = strlen(text), position = 0;
    char *copy = exact_copy(text, length), found[256] = "";
    struct command_text command;

    while (words_next_command(copy, length, &position, &command)) {
        if (found[0])
            strcat(found, "|");
        strncat(found, command.text, command.length);
    }
    tap_ok(strcmp(found, expected) == 0, "a text's commands are <%s>", expected);
    if (strcmp(found, expected) != 0)
        printf("# got <%s>\n", found);
    free(copy);
}

static void test_commands(void)
{
    check_commands("devices; read 0 0", "devices|read 0 0");
    check_commands("devices\nread 0 0\n", "devices|read 0 0");
    check_commands(" a ;; ; b ;\r\n\r\nc\r\n", "a|b|c");
    check_commands("", "");
    check_commands(" ; \n ;", "");
    check_commands("get \"a;b\" c;d", "get \"a;b\" c|d");
    check_commands("get \"a\"\";b\" c;d", "get \"a\"\";b\" c|d");
    check_commands("get \"\";d", "get \"\"|d");
    check_commands("a \\; b", "a \\|b");
    check_commands("a \"b; c", "a \"b; c");
    /* Line ends of every kind, and marks. */
    check_commands("a 1\r\nb\rc\n\rd", "a 1|b|c|d");
    check_commands("\xEF\xBB\xBF"
                   "a\r\nb",
                   "a|b");
    check_commands("a\n\xEF\xBB\xBF"
                   "b",
                   "a|b");
    check_commands("\xEF\xBB\xBF", "");
    check_commands("\xEF\xBB", "\xEF\xBB");
    check_commands("get x\xEF\xBB\xBF", "get x\xEF\xBB\xBF");
    /* Comments. */
    check_commands("# a; b\nc # d; e \"f\ng", "c|g");
    check_commands("#", "");
    check_commands("a#b; #c\nd", "a#b|d");
    check_commands("list HKLM\\PCI#CC_0101 x", "list HKLM\\PCI#CC_0101 x");
    check_commands("get \"a #b\" c\t#d\r\ne", "get \"a #b\" c|e");
    check_commands("get \"\"#b", "get \"\"#b");
}

/* ------------------------------------------------------------------ encodings */

static void check_script(const void *bytes, size_t byte_count, enum script_encoding encoding,
                         const char *expected)
{
    char *copy = exact_copy(bytes, byte_count), *text = malloc(byte_count * 3 / 2 + 1);
    enum script_encoding found = script_encoding(copy, byte_count);
    bool is_right = found == encoding;

    if (is_right && expected) {
        size_t length = script_convert(copy, byte_count, found, text);
        is_right = length == strlen(expected) && memcmp(text, expected, length) == 0;
    }
    tap_ok(is_right, "encoding %d of %zu bytes", encoding, byte_count);
    free(text);
    free(copy);
}

static void test_scripts(void)
{
    check_script("", 0, SCRIPT_UTF8, NULL);
    check_script("a", 1, SCRIPT_UTF8, NULL);
    check_script("\xEF\xBB\xBF"
                 "a",
                 4, SCRIPT_UTF8, NULL);
    check_script("\0", 1, SCRIPT_NO_TEXT, NULL);
    check_script("ab\0c", 4, SCRIPT_NO_TEXT, NULL);
    check_script("\0\0ab", 4, SCRIPT_NO_TEXT, NULL);
    check_script("\xFF\xFEr\0\xAC\x20", 6, SCRIPT_UTF16LE, "\xEF\xBB\xBFr\xE2\x82\xAC");
    check_script("\xFE\xFF\0r\x20\xAC", 6, SCRIPT_UTF16BE, "\xEF\xBB\xBFr\xE2\x82\xAC");
    check_script("r\0\x3D\xD8\x00\xDE", 6, SCRIPT_UTF16LE, "r\xF0\x9F\x98\x80");
    check_script("\0r\xD8\x3D\xDE\x00", 6, SCRIPT_UTF16BE, "r\xF0\x9F\x98\x80");
    check_script("r\0\x00\xDE"
                 "a\0",
                 6, SCRIPT_UTF16LE,
                 "r\xEF\xBF\xBD"
                 "a");
    check_script("\0r\0", 3, SCRIPT_UTF16BE, "r\xEF\xBF\xBD");
    check_script("\xFF\xFE", 2, SCRIPT_UTF16LE, "\xEF\xBB\xBF");
}

/* ------------------------------------------------------------------ words */

static enum words_status split(const char *text, size_t buffer_size, char *joined)
{
    size_t length = strlen(text);
    char *copy = exact_copy(text, length), *buffer = malloc(buffer_size ? buffer_size : 1);
    char *words[MAX_WORDS];
    unsigned count;
    enum words_status status = words_split((struct command_text){copy, length}, buffer, buffer_size,
                                           words, MAX_WORDS, &count);

    *joined = 0;
    for (unsigned i = 0; status == WORDS_OK && i < count; i++)
        sprintf(joined + strlen(joined), "<%s>", words[i]);
    free(buffer);
    free(copy);
    return status;
}

static void check_words(const char *text, const char *expected)
{
    char joined[256];
    enum words_status status = split(text, strlen(text) + 1, joined);
    tap_ok(status == WORDS_OK && strcmp(joined, expected) == 0, "words of [%s] are %s", text,
           expected);
}

static void test_words(void)
{
    char joined[256];

    check_words("read 0 0x10", "<read><0><0x10>");
    check_words("  read\t0  0 ", "<read><0><0>");
    check_words("get HKLM\\SYSTEM \"a name\"", "<get><HKLM\\SYSTEM><a name>");
    check_words("get \"say \"\"hello\"\"\" x", "<get><say \"hello\"><x>");
    check_words("a\"b c\"d e", "<ab cd><e>");
    check_words("get \"\" x", "<get><><x>");
    check_words("\"\"\"\"", "<\">");
    check_words("a\\\"b c\"", "<a\\b c>");
    check_words("caf\xC3\xA9 $HOME", "<caf\xC3\xA9><$HOME>");
    check_words("", "");
    tap_ok(split("get \"a b", 64, joined) == WORDS_UNCLOSED_QUOTE, "a quote is not closed");
    tap_ok(split("a b c d e f g h i", 64, joined) == WORDS_TOO_MANY, "too many words");
    tap_ok(split("abcdef", 6, joined) == WORDS_TOO_LONG, "a word too long for the buffer");
    tap_ok(split("ab \"\"", 3, joined) == WORDS_TOO_LONG, "no room for an empty word");
    tap_ok(split("ab cd", 6, joined) == WORDS_OK, "exactly enough room");
}

/* ------------------------------------------------------------------ numbers */

static void check_number(const char *text, enum number_status expected, uint64_t value)
{
    uint64_t result = 12345;
    enum number_status status = number_parse(text, &result);
    tap_ok(status == expected && result == (expected == NUMBER_OK ? value : 12345),
           "number %s: status %d, %" PRIu64, text, status, result);
}

static void test_numbers(void)
{
    check_number("0", NUMBER_OK, 0);
    check_number("0010", NUMBER_OK, 10);
    check_number("0x1fF", NUMBER_OK, 0x1FF);
    check_number("0X10", NUMBER_OK, 16);
    check_number("4k", NUMBER_OK, 4096);
    check_number("0x10M", NUMBER_OK, 16u << 20);
    check_number("3G", NUMBER_OK, 3ull << 30);
    check_number("18446744073709551615", NUMBER_OK, UINT64_MAX);
    check_number("18446744073709551616", NUMBER_TOO_LARGE, 0);
    check_number("99999999999999999999999999", NUMBER_TOO_LARGE, 0);
    check_number("0xffffffffffffffff", NUMBER_OK, UINT64_MAX);
    check_number("0x10000000000000000", NUMBER_TOO_LARGE, 0);
    check_number("17179869183G", NUMBER_OK, 17179869183ull << 30);
    check_number("17179869184G", NUMBER_TOO_LARGE, 0);
    check_number("", NUMBER_MALFORMED, 0);
    check_number("0x", NUMBER_MALFORMED, 0);
    check_number("k", NUMBER_MALFORMED, 0);
    check_number("-1", NUMBER_MALFORMED, 0);
    check_number("+1", NUMBER_MALFORMED, 0);
    check_number("12x", NUMBER_MALFORMED, 0);
    check_number("1KK", NUMBER_MALFORMED, 0);
    check_number("ff", NUMBER_MALFORMED, 0);
    check_number("99999999999999999999999999z", NUMBER_MALFORMED, 0);
}

static void test_hex(void)
{
    uint8_t bytes[4];
    size_t count = 0;

    TAP_CHECK(hex_parse("00fFa5", bytes, sizeof bytes, &count) && count == 3 && bytes[0] == 0 &&
              bytes[1] == 0xFF && bytes[2] == 0xA5);
    TAP_CHECK(hex_parse("12", bytes, sizeof bytes, &count) && count == 4 && bytes[3] == 0x12);
    TAP_CHECK(!hex_parse("34", bytes, sizeof bytes, &count));
    count = 0;
    TAP_CHECK(!hex_parse("123", bytes, sizeof bytes, &count));
    count = 0;
    TAP_CHECK(!hex_parse("0x12", bytes, sizeof bytes, &count));
}

static void check_size(uint64_t bytes, const char *expected)
{
    char text[SIZE_TEXT_CAPACITY];
    size_format(bytes, text, sizeof text);
    tap_ok(strcmp(text, expected) == 0, "%" PRIu64 " bytes are %s", bytes, text);
}

static void check_duration(uint64_t microseconds, const char *expected)
{
    char text[DURATION_TEXT_CAPACITY];
    duration_format(microseconds, text, sizeof text);
    tap_ok(strcmp(text, expected) == 0, "%" PRIu64 " us are %s", microseconds, text);
}

static void test_formats(void)
{
    check_size(0, "0 bytes");
    check_size(1, "1 byte");
    check_size(1023, "1023 bytes");
    check_size(1024, "1.0 KiB");
    check_size(1536, "1.5 KiB");
    check_size((64u << 20) - 1, "63.9 MiB");
    check_size(64u << 20, "64.0 MiB");
    check_size(UINT64_MAX, "15.9 EiB");
    check_duration(0, "0 ms");
    check_duration(999999, "999 ms");
    check_duration(1000000, "1.0 s");
    check_duration(1000001, "1.1 s");
    check_duration(9900000, "9.9 s");
    check_duration(9900001, "10 s");
    check_duration(59000001, "1:00 min");
    check_duration(3599000000, "59:59 min");
    check_duration(7500000000, "2:05 h");
    check_duration(UINT64_MAX, "1193046:28 h");
    TAP_CHECK(number_divide(7, 2) == 3 && number_divide(7, 0) == 0);
}

/* ------------------------------------------------------------------ command lines */

static struct boot_options options;
static char error[200];

static bool parse_options(const char *text)
{
    char *copy = exact_copy(text, strlen(text) + 1);
    error[0] = 0;
    bool parsed = options_parse(copy, &options, error, sizeof error);
    free(copy);
    return parsed;
}

static void check_refused(const char *text, const char *named)
{
    tap_ok(!parse_options(text) && strstr(error, named), "<%s> is refused: %s", text, error);
}

static void test_options(void)
{
    TAP_CHECK(parse_options("") && options.mode == SHELL_INTERACTIVE && !options.strict &&
              options.checks && !options.trace_words[0] && options.debug_mask == UINT32_MAX);
    TAP_CHECK(parse_options("mode=commands strict=1") && options.mode == SHELL_COMMANDS &&
              options.strict);
    TAP_CHECK(parse_options("  mode=tour\tchecks=off  trace=ports,irbs debug=0x2 ") &&
              options.mode == SHELL_TOUR && !options.checks && options.debug_mask == 7 &&
              strcmp(options.trace_words, "ports,irbs") == 0);
    TAP_CHECK(parse_options("strict=1 strict=0") && !options.strict);
    check_refused("mode=commands colour=red", "\"colour\"; it knows mode, ");
    check_refused("verbose", "\"verbose\"");
    check_refused("mode", "mode must be");
    check_refused("mode=", "mode must be");
    check_refused("mode=Commands", "\"Commands\"");
    check_refused("strict=yes", "\"yes\"");
    check_refused("checks=1", "\"1\"");
    check_refused("modes=tour", "\"modes\"; did you mean mode?");
    check_refused("=tour", "\"\"");
    TAP_CHECK(parse_options("debug_mask=0x8") && options.debug_mask == 8 &&
              parse_options("debug=31") && options.debug_mask == UINT32_MAX);
    TAP_CHECK(parse_options("dump=1") && options.dump && parse_options("dump=1 dump=0") &&
              !options.dump);
    TAP_CHECK(parse_options("columns=132") && options.columns == 132 &&
              parse_options("columns=20") && options.columns == 20 &&
              parse_options("columns=1000") && options.columns == 1000 && parse_options("") &&
              options.columns == 0);
    TAP_CHECK(parse_options("watchdog=0") && options.watchdog_ms == 0 &&
              parse_options("watchdog=400") && options.watchdog_ms == 400 && parse_options("") &&
              options.watchdog_ms == 5000);
    TAP_CHECK(parse_options("disks=00:1f.2/0.0,isa/1.0 cds=a") &&
              strcmp(options.disks, "00:1f.2/0.0,isa/1.0") == 0 && strcmp(options.cds, "a") == 0 &&
              parse_options("") && options.disks[0] == 0 && options.cds[0] == 0);
    check_refused("watchdog=60001", "watchdog must be milliseconds");
    check_refused("columns=19", "columns must be a number from 20");
    check_refused("columns=1001", "\"1001\"");
    check_refused("columns=wide", "columns must be");
    check_refused("dump=on", "dump must be");
    check_refused("debug_mask=-1", "debug_mask must be");
    check_refused("debug=loud", "\"loud\"");
    check_refused("debug=4294967296", "debug must be");
    TAP_CHECK(parse_options("build_io=guarded") && options.guard_build_io && parse_options("") &&
              !options.guard_build_io && options.version_error == 0);
    check_refused("build_io=1", "build_io must be");
    TAP_CHECK(parse_options("version=controller:less") && options.version_structure == 0 &&
              options.version_error < 0 && parse_options("version=device:more") &&
              options.version_structure == 3 && options.version_error > 0);
    check_refused("version=more", "version must be");
    check_refused("version=", "version must be");
    check_refused("version=device:", "version must be");
    check_refused("version=disk:more", "version must be");
    check_refused("version=device:same", "version must be");
    check_refused("trace=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                  "trace");
}

static struct module_description module;

static bool parse_module(const char *text)
{
    error[0] = 0;
    return module_parse(text, &module, error, sizeof error);
}

static void test_modules(void)
{
    char long_name[400] = "type=driver name=";

    TAP_CHECK(parse_module("type=driver name=pata") && module.type == MODULE_DRIVER &&
              strcmp(module.name, "pata") == 0);
    TAP_CHECK(parse_module("type=hive name=/home/me/my hive, $x=y.reg") &&
              module.type == MODULE_HIVE && strcmp(module.name, "/home/me/my hive, $x=y.reg") == 0);
    TAP_CHECK(parse_module("type=layer name=a.reg") && module.type == MODULE_LAYER);
    TAP_CHECK(parse_module("type=lines name=my driver") && module.type == MODULE_LINES &&
              strcmp(module.name, "my driver") == 0);
    TAP_CHECK(parse_module("type=history") && module.type == MODULE_HISTORY);
    TAP_CHECK(parse_module("type=commands") && module.type == MODULE_COMMANDS && !module.name[0]);
    TAP_CHECK(!parse_module(""));
    TAP_CHECK(!parse_module("name=pata type=driver"));
    TAP_CHECK(!parse_module("type=engine name=pata") && strstr(error, "type=engine"));
    TAP_CHECK(!parse_module("kind=driver name=pata"));
    TAP_CHECK(!parse_module("type"));
    TAP_CHECK(parse_module("type=default name=ahci") && module.type == MODULE_DEFAULT);
    TAP_CHECK(!parse_module("type=driver"));
    TAP_CHECK(!parse_module("type=default"));
    TAP_CHECK(!parse_module("type=driver name="));
    TAP_CHECK(!parse_module("type=hive size=3"));
    memset(long_name + strlen(long_name), 'x', 300);
    TAP_CHECK(!parse_module(long_name) && strstr(error, "too long"));
}

int main(void)
{
    test_commands();
    test_scripts();
    test_words();
    test_numbers();
    test_hex();
    test_formats();
    test_options();
    test_modules();
    return tap_exit();
}
