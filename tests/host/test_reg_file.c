/* SPDX-License-Identifier: MIT */
/*
 * .reg files: what is read, what is refused and how it is said, and batches. Each text is read in
 * every encoding, with the same outcome. What is written is tested in test_hive.c.
 *
 * SOURCES: port/registry/memory.c port/registry/name.c lib/utf.c lib/crc32.c
 * SOURCES: port/registry/store.c port/registry/store_table.c port/registry/store_journal.c
 * SOURCES: port/registry/reg_scan.c port/registry/reg_data.c port/registry/reg_read.c
 * SOURCES: port/registry/reg_write.c
 */
#include "tests/host/registry_host.h"

#include "port/registry/reg_file.h"
#include "tests/host/reg_host.h"
#include "tests/host/tap.h"

#define HEADER REG_FILE_HEADER "\n"

static struct host_pages pages;
static struct store store;
static struct reg_summary summary;
static struct text messages, output;

static void open_store(void)
{
    struct memory_operations operations = host_memory(&pages, 1000000);
    store_init(&store, &operations);
    store.layer = STORE_LAYER_FILE;
}

static void load(const void *bytes, size_t byte_count)
{
    struct reg_source source = {"x.reg", bytes, byte_count};
    struct reg_report report = {text_add_line, &messages};
    /* A copy of just this size: reading past the end would be seen. */
    void *copy = malloc(byte_count ? byte_count : 1);

    memcpy(copy, bytes, byte_count);
    source.bytes = copy;
    text_clear(&messages);
    reg_file_load(&store, &source, &report, &summary);
    free(copy);
}

/* ------------------------------------------------------------------ what is read */

struct example {
    const char *what;
    const char *text;     /* behind the header */
    const char *exported; /* behind the header */
    const char *messages;
};

/* Lines are counted from the header on, which is line 1. */
static const struct example examples[] = {
    {"an empty file", "", "", ""},
    {"strings", "[HKLM\\A]\n\"s\"=\"text\"\n\"q\"=\"a \\\"b\\\" c:\\\\d\"\n@=\"\"\n",
     "\n[HKEY_LOCAL_MACHINE\\A]\n\"s\"=\"text\"\n\"q\"=\"a \\\"b\\\" c:\\\\d\"\n@=\"\"\n", ""},
    {"names with everything that a name may have",
     "[HKEY_USERS\\a]b[;c]\n\"\\\"x\\\\=\\\"\"=dword:1\n\"=\"=dword:2\n",
     "\n[HKEY_USERS\\a]b[;c]\n\"\\\"x\\\\=\\\"\"=dword:00000001\n\"=\"=dword:00000002\n", ""},
    {"dwords", "[HKLM\\A]\n\"a\"=dword:0\n\"b\"=dword:fFfFfFfF\n\"c\"=DWORD:0000001f\n",
     "\n[HKEY_LOCAL_MACHINE\\A]\n\"a\"=dword:00000000\n\"b\"=dword:ffffffff\n\"c\"=dword:"
     "0000001f\n",
     ""},
    {"bytes of all types",
     "[HKLM\\A]\n\"a\"=hex:\n\"b\"=hex:1,02,Fe\n\"c\"=hex(2):41,00,00,00\n\"d\"=hex(7):00,00\n"
     "\"e\"=hex(b):01,02,03,04,05,06,07,08\n\"f\"=hex(ffffffff):00\n\"g\"=hex(0):\n\"h\"=hex(3):"
     "aa\n",
     "\n[HKEY_LOCAL_MACHINE\\A]\n\"a\"=hex:\n\"b\"=hex:01,02,fe\n\"c\"=hex(2):41,00,00,00\n"
     "\"d\"=hex(7):00,00\n\"e\"=hex(b):01,02,03,04,05,06,07,08\n\"f\"=hex(ffffffff):00\n"
     "\"g\"=hex(0):\n\"h\"=hex:aa\n",
     ""},
    {"hex forms of strings and dwords",
     "[HKLM\\A]\n\"a\"=hex(1):41,00,00,00\n\"b\"=hex(1):41,00\n\"c\"=hex(1):41\n\"d\"=hex(1):\n"
     "\"e\"=hex(1):09,00,00,00\n\"f\"=hex(4):01,00,00,00\n\"g\"=hex(4):01,00\n\"h\"=hex(1):00,00,"
     "00,00\n",
     "\n[HKEY_LOCAL_MACHINE\\A]\n\"a\"=\"A\"\n\"b\"=hex(1):41,00\n\"c\"=hex(1):41\n\"d\"=hex(1):\n"
     "\"e\"=hex(1):09,00,00,00\n\"f\"=dword:00000001\n\"g\"=hex(4):01,00\n\"h\"=hex(1):00,00,00,"
     "00\n",
     ""},
    {"strings that are not ASCII", "[HKLM\\A]\n\"\u00E4\"=\"\u00E4\u20AC\U0001F600\"\n",
     "\n[HKEY_LOCAL_MACHINE\\A]\n\"\u00E4\"=hex(1):e4,00,ac,20,3d,d8,00,de,00,00\n", ""},
    {"strings of other types", "[HKLM\\A]\n\"a\"=str:\"x\"\n\"b\"=str(2):\"\\\\\"\n",
     "\n[HKEY_LOCAL_MACHINE\\A]\n\"a\"=\"x\"\n\"b\"=hex(2):5c,00,00,00\n", ""},
    {"continuation lines",
     "[HKLM\\A]\n\"a\"=hex:01,\\\n  02,03,\\  \n\t04\n\"b\"=hex(7):\\\n  05,\\\n  "
     "06\n\"c\"=hex:07,\\\n\\\n08\n",
     "\n[HKEY_LOCAL_MACHINE\\A]\n\"a\"=hex:01,02,03,04\n\"b\"=hex(7):05,06\n\"c\"=hex:07,08\n", ""},
    {"continuation lines with comments, blank lines and commas at the end",
     "[HKLM\\A]\n\"a\"=hex:01,\\\n  ; a comment\n  02\n\"b\"=hex(7):01,\\ ; behind it\n  "
     "02\n\"c\"=hex:01,\t\\"
     ";x\n\n \t\n\n02,\n\"d\"=hex(0):01,02, ; the end\n\"e\"=hex:\\\n\n  01,\\\n  ;\n  "
     "02\n\"f\"=HEX:01 ,\\\n02,\\"
     "\n03,\n\n\"g\"=dword:1\n",
     "\n[HKEY_LOCAL_MACHINE\\A]\n\"a\"=hex:01,02\n\"b\"=hex(7):01,02\n\"c\"=hex:01,02\n\"d\"=hex(0)"
     ":01,02\n\"e\"="
     "hex:01,02\n\"f\"=hex:01,02,03\n\"g\"=dword:00000001\n",
     ""},
    {"blanks and comments",
     "; first\n# second\n\n  [HKLM\\A]  ; behind a key\n\t\"a\" = dword:1 ; behind a value\n ; "
     "between\n"
     "\"b\"=\"x\";y\n@ = hex:01 , 02;z\n",
     "\n[HKEY_LOCAL_MACHINE\\A]\n\"a\"=dword:00000001\n\"b\"=\"x\"\n@=hex:01,02\n", ""},
    {"case and order: what is there keeps its spelling",
     "[hklm\\System\\B]\n[HKLM\\SYSTEM\\a]\n\"V\"=dword:1\n[hklm\\system\\A]\n\"v\"=dword:2\n",
     "\n[HKEY_LOCAL_MACHINE\\System]\n\n[HKEY_LOCAL_MACHINE\\System\\B]\n\n"
     "[HKEY_LOCAL_MACHINE\\System\\a]\n\"V\"=dword:00000002\n",
     NULL},
    {"deletions",
     "[HKLM\\A\\B]\n\"x\"=dword:1\n\"y\"=dword:2\n@=\"d\"\n[HKLM\\A]\n[-HKLM\\C\\D]\n"
     "[HKLM\\A\\b]\n\"X\"=-\n@=-\n\"never\"=-\n[HKLM\\E\\F]\n\"x\"=dword:3\n[-HKLM\\E]\n[HKLM\\E]"
     "\n",
     "\n[HKEY_LOCAL_MACHINE\\A]\n\n[HKEY_LOCAL_MACHINE\\A\\B]\n\"y\"=dword:00000002\n\n"
     "[HKEY_LOCAL_MACHINE\\E]\n",
     ""},
    {"values of root keys", "[HKLM]\n\"a\"=dword:1\n[HKEY_CURRENT_USER]\n",
     "\n[HKEY_LOCAL_MACHINE]\n\"a\"=dword:00000001\n", ""},
    {"two files in one", "[HKLM\\A]\n\n" HEADER "\n[HKLM\\B]\n\xEF\xBB\xBF" HEADER "[HKLM\\C]\n",
     "\n[HKEY_LOCAL_MACHINE\\A]\n\n[HKEY_LOCAL_MACHINE\\B]\n\n[HKEY_LOCAL_MACHINE\\C]\n", ""},
    {"a backslash behind a key", "[HKLM\\]\n@=dword:1\n[HKLM\\A\\]\n[-HKLM\\A\\]\n",
     "\n[HKEY_LOCAL_MACHINE]\n@=dword:00000001\n", ""},
    {"no line end at the end", "[HKLM\\A]\n\"a\"=dword:1",
     "\n[HKEY_LOCAL_MACHINE\\A]\n\"a\"=dword:00000001\n", ""},

    {"keys that are none",
     "[HKLM\\A\n[HKXX\\A]\n\"a\"=dword:1\n[HKLM\\\\]\n[HKLM\\A\\\\B]\n[-HKLM]\n[]\n[-]\n[HKLM\\B] "
     "x\n",
     "",
     "x.reg:2:8: the closing bracket is missing\n"
     "x.reg:3:2: a key begins with HKEY_LOCAL_MACHINE (HKLM) or another root key\n"
     "x.reg:5:2: names have at most 255 characters, keys at least one, and none a control "
     "character\n"
     "x.reg:6:2: names have at most 255 characters, keys at least one, and none a control "
     "character\n"
     "x.reg:7:3: a root key cannot be deleted\n"
     "x.reg:8:2: a key begins with HKEY_LOCAL_MACHINE (HKLM) or another root key\n"
     "x.reg:9:3: a key begins with HKEY_LOCAL_MACHINE (HKLM) or another root key\n"
     "x.reg:10:10: nothing but a comment may follow here\n"
     "x.reg: further lines skipped: 1\n"},
    {"values without a key", "\"a\"=dword:1\n[HKLM\\A]\n[-HKLM\\A]\n\"b\"=dword:1\n", "",
     "x.reg:2:1: a value needs a key above it\n"
     "x.reg:5:1: a value needs a key above it, and the last one was deleted\n"},
    {"values that are none",
     "[HKLM\\A]\n\"a=dword:1\n\"a\"dword:1\n\"a\"=\n\"a\"=dword\n\"a\"=dword:\n\"a\"=dword:"
     "123456789\n"
     "\"a\"=dword:1x\n\"a\"=hex(:00\n\"a\"=hex():00\n\"a\"=hex(123456789):00\n\"a\"=hex(1)"
     "00\n\"a\"=text\n"
     "\"a\"=-x\nx\n\"good\"=dword:1\n",
     "\n[HKEY_LOCAL_MACHINE\\A]\n\"good\"=dword:00000001\n",
     "x.reg:3:11: the closing quotation mark is missing\n"
     "x.reg:4:4: an equals sign is expected here\n"
     "x.reg:5:5: a value is \"text\", dword:, hex:, hex(N):, or - to delete it\n"
     "x.reg:6:10: a colon is expected here\n"
     "x.reg:7:11: a hexadecimal digit is expected here\n"
     "x.reg:8:11: a dword has at most eight hexadecimal digits\n"
     "x.reg:9:12: nothing but a comment may follow here\n"
     "x.reg:10:9: the type is one to eight hexadecimal digits and a )\n"
     "x.reg:11:9: the type is one to eight hexadecimal digits and a )\n"
     "x.reg:12:17: the type is one to eight hexadecimal digits and a )\n"
     "x.reg:13:11: a colon is expected here\n"
     "x.reg:14:5: a value is \"text\", dword:, hex:, hex(N):, or - to delete it\n"
     "x.reg:15:6: nothing but a comment may follow here\n"
     "x.reg:16:1: a line begins with [, \", @ or ;\n"},
    {"bytes that are none",
     "[HKLM\\A]\n\"a\"=hex:,\n\"a\"=hex:01,,02\n\"a\"=hex:0g\n\"a\"=hex:001\n\"a\"=hex:01 02\n"
     "\"a\"=hex:01,\\ x\n\"good\"=dword:1\n",
     "\n[HKEY_LOCAL_MACHINE\\A]\n\"good\"=dword:00000001\n",
     "x.reg:3:9: a byte of hexadecimal digits is expected here\n"
     "x.reg:4:12: a byte of hexadecimal digits is expected here\n"
     "x.reg:5:10: nothing but a comment may follow here\n"
     "x.reg:6:11: nothing but a comment may follow here\n"
     "x.reg:7:12: nothing but a comment may follow here\n"
     "x.reg:8:14: nothing but a comment may follow here\n"},
    {"damaged continuations are skipped with their value",
     "[HKLM\\A]\n\"a\"=hex:01,\\\n  02,zz,\\\n  03,\\ ; more\n\n; and more\n  "
     "04\n\"b\"=hex:0x,\\\n "
     "05,06\n\"good\"=dword:1\n",
     "\n[HKEY_LOCAL_MACHINE\\A]\n\"good\"=dword:00000001\n",
     "x.reg:4:6: a byte of hexadecimal digits is expected here\n"
     "x.reg:9:10: nothing but a comment may follow here\n"},
    {"a value is not read shorter than it was meant to be",
     "[HKLM\\A]\n\"a\"=hex:01,02,\n  03,04\n\"b\"=hex(2):41,00\n00,00\n\"c\"=hex:01,\\\n  02,; "
     "half\n"
     "  03,\\\n  04\n\"d\"=hex:01\\\n  02\n\"e\"=hex:01,0\\\n2,03\n\"f\"=hex:01,\n; no bytes\n",
     "\n[HKEY_LOCAL_MACHINE\\A]\n\"f\"=hex:01\n",
     "x.reg:3:15: the next line goes on with bytes: a comma and a backslash are missing here\n"
     "x.reg:5:17: the next line goes on with bytes: a comma and a backslash are missing here\n"
     "x.reg:8:6: the next line goes on with bytes: a comma and a backslash are missing here\n"
     "x.reg:11:11: nothing but a comment may follow here\n"
     "x.reg:13:13: nothing but a comment may follow here\n"},
    {"dwords with 0x", "[HKLM\\A]\n\"a\"=dword:0x1\n\"b\"=dword:0X00000001\n\"c\"=dword:00x1\n",
     "\n[HKEY_LOCAL_MACHINE\\A]\n",
     "x.reg:3:11: a dword is hexadecimal as it stands, without 0x\n"
     "x.reg:4:11: a dword is hexadecimal as it stands, without 0x\n"
     "x.reg:5:13: nothing but a comment may follow here\n"},
    {"a continuation that does not come leaves the next line alone",
     "[HKLM\\A]\n\"a\"=hex:01,\\\n\"b\"=dword:1\n\"c\"=hex:01,\\\n\n\"d\"=hex:01,\\\n[HKLM\\B]"
     "\n\"e\"=hex:01,\\\n"
     "; comment\n\"f\"=hex:01,\\",
     "\n[HKEY_LOCAL_MACHINE\\A]\n\"b\"=dword:00000001\n\n[HKEY_LOCAL_MACHINE\\B]\n",
     "x.reg:3:12: the value should go on on the next line, but does not\n"
     "x.reg:5:12: the value should go on on the next line, but does not\n"
     "x.reg:7:12: the value should go on on the next line, but does not\n"
     "x.reg:9:12: the value should go on on the next line, but does not\n"
     "x.reg:11:12: the value should go on on the next line, but does not\n"},
    {"escapes", "[HKLM\\A]\n\"a\"=\"c:\\temp\"\n\"b\\n\"=\"\"\n\"c\"=\"x\\\"\n\"d\"=\"\u20AC\" x\n",
     "\n[HKEY_LOCAL_MACHINE\\A]\n",
     "x.reg:3:9: after a backslash comes \\ or \": a backslash itself is written \\\\\n"
     "x.reg:4:4: after a backslash comes \\ or \": a backslash itself is written \\\\\n"
     "x.reg:5:9: the closing quotation mark is missing; all up to the next one is skipped\n"},
    {"control characters", "[HKLM\\A]\n\"a\tb\"=\"\"\n\"c\"=\"\t\"\n[HKLM\\\x7F]\n",
     "\n[HKEY_LOCAL_MACHINE\\A]\n\"c\"=hex(1):09,00,00,00\n",
     "x.reg:3:1: names have at most 255 characters, keys at least one, and none a control "
     "character\n"
     "x.reg:5:2: names have at most 255 characters, keys at least one, and none a control "
     "character\n"},
};
#define EXAMPLES (sizeof(examples) / sizeof(examples[0]))

static bool check_example(const struct example *example, enum form form)
{
    struct text plain = {0}, encoded, expected = {0};
    bool good = true;

    text_clear(&plain);
    text_add(&plain, HEADER, strlen(HEADER));
    text_add(&plain, example->text, strlen(example->text));
    text_clear(&expected);
    text_add(&expected, HEADER, strlen(HEADER));
    if (example->exported)
        text_add(&expected, example->exported, strlen(example->exported));
    encoded = text_in_form(plain.bytes, plain.byte_count, form);
    open_store();
    load(encoded.bytes, encoded.byte_count);
    if (example->messages)
        good &= is_same(&messages, example->messages, "messages");
    export_store(&store, &output);
    good &= is_same(&output, expected.bytes, "registry");
    host_pages_free(&pages);
    text_free(&plain);
    text_free(&expected);
    text_free(&encoded);
    return good;
}

static void test_examples(void)
{
    for (unsigned i = 0; i < EXAMPLES; i++) {
        bool good = true;
        for (enum form form = 0; form < FORM_COUNT && good; form++)
            good = check_example(&examples[i], form);
        tap_ok(good, "%s", examples[i].what);
    }
}

static bool loads_with(const char *bytes, size_t byte_count, const char *expected)
{
    open_store();
    load(bytes, byte_count);
    host_pages_free(&pages);
    return is_same(&messages, expected, "messages");
}

#define LOADS_WITH(text, expected) loads_with(text, sizeof(text) - 1, expected)

/* Files that are no .reg text, of which nothing is read. */
static void test_other_formats(void)
{
    static const char *const starts[] = {"WINE REGISTRY Version 2\n;; All keys relative to "
                                         "\\\\Machine\n\n[Software\\\\A] 1234\n#time=1d0\n",
                                         "regf\1\2", "REGEDIT\nHKEY_CLASSES_ROOT\\a = b\n",
                                         "REGEDIT5\n", "; a comment\n\nREGEDIT4x\n"};
    bool good = true;

    for (unsigned i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        struct text text = {0};
        text_add(&text, starts[i], strlen(starts[i]));
        text_add(&text, "[HKLM\\A]\n\"a\"=dword:1\n", 22);
        text_add(&text, "; batch 1 begin\n[HKLM\\B]\n", 26);
        for (enum form form = 0; form < FORM_COUNT; form++) {
            struct text encoded = text_in_form(text.bytes, text.byte_count, form);
            open_store();
            load(encoded.bytes, encoded.byte_count);
            good &=
                summary.is_refused && summary.keys == 0 && summary.damaged_lines == 1 &&
                strchr(messages.bytes, '\n') == messages.bytes + messages.byte_count - 1 &&
                strncmp(messages.bytes, i < 4 ? "x.reg:1:1: this " : "x.reg:3:1: this ", 16) == 0;
            host_pages_free(&pages);
            text_free(&encoded);
        }
        text_free(&text);
    }
    tap_ok(good, "other formats are refused as a whole, and by name");
}

/* REGEDIT4: bytes of string types are characters, and become UTF-16. */
static void test_older_format(void)
{
    static const char text[] = "REGEDIT4\n\n[HKLM\\A]\n\"d\"=dword:5\n\"s\"=\"text\"\n\"e\"=hex(2):"
                               "25,50,25,00\n\"m\"=hex(7):61,\\\n  "
                               "62,00,63,00,00\n\"b\"=hex:25,80\n\"open\"=hex(2):41,42\n\"none\"="
                               "hex(7):\n\"z\"=hex(1):41,00\n\"q\"=hex(b):"
                               "01,00,00,00,00,00,00,00\n\"bad\"=hex(2):41,e4,00\n";
    static const char expected[] =
        HEADER "\n[HKEY_LOCAL_MACHINE\\A]\n\"d\"=dword:00000005\n\"s\"=\"text\"\n\"e\"=hex(2):25,"
               "00,50,00,25,00,00,00\n"
               "\"m\"=hex(7):61,00,62,00,00,00,63,00,00,00,00,00\n\"b\"=hex:25,80\n\"open\"=hex(2):"
               "41,00,42,00,00,00\n"
               "\"none\"=hex(7):\n\"z\"=\"A\"\n\"q\"=hex(b):01,00,00,00,00,00,00,00\n";
    static const char joined[] = "REGEDIT4\n[HKLM\\A]\n\"a\"=hex(2):41,00\n" HEADER
                                 "\"b\"=hex(2):41,00,00,00\nREGEDIT4\n\"c\"=hex(2):41,00\n";

    for (enum form form = 0; form < FORM_COUNT; form += FORM_UTF8_CRLF) {
        struct text encoded = text_in_form(text, strlen(text), form);
        open_store();
        load(encoded.bytes, encoded.byte_count);
        export_store(&store, &output);
        TAP_CHECK(
            is_same(&output, expected, "REGEDIT4") && summary.is_version_4 &&
            summary.damaged_lines == 1 &&
            strstr(messages.bytes, "x.reg:1:1: this is the older format of .reg: it is read, but "
                                   "nothing is appended") &&
            strstr(messages.bytes, "x.reg:14:14: REGEDIT4 does not say which character this is"));
        host_pages_free(&pages);
        text_free(&encoded);
    }
    open_store();
    load(joined, sizeof(joined) - 1);
    export_store(&store, &output);
    TAP_CHECK(is_same(
        &output,
        HEADER "\n[HKEY_LOCAL_MACHINE\\A]\n\"a\"=hex(2):41,00,00,00\n\"b\"=hex(2):41,00,00,00\n"
               "\"c\"=hex(2):41,00,00,00\n",
        "joined files"));
    host_pages_free(&pages);
    /* A driver's file is never written: nothing is to be said about it. */
    open_store();
    store.layer = STORE_LAYER_DRIVER;
    load(joined, sizeof(joined) - 1);
    TAP_CHECK(messages.byte_count == 0 && summary.is_version_4);
    host_pages_free(&pages);
}

static void test_odd_files(void)
{
    static const char no_header[] = "x.reg:1:1: the file should begin with: " HEADER;

    TAP_CHECK(LOADS_WITH("", ""));
    TAP_CHECK(LOADS_WITH("\xEF\xBB\xBF", ""));
    TAP_CHECK(LOADS_WITH("\xFF\xFE", ""));
    TAP_CHECK(LOADS_WITH("\n\n; nothing\n", ""));
    TAP_CHECK(LOADS_WITH("[HKLM\\A]\n", no_header));
    TAP_CHECK(LOADS_WITH("\xFE\xFF", ""));
    TAP_CHECK(LOADS_WITH(REG_FILE_HEADER " \t\n[HKLM\\A]\n", ""));
    /* Cut behind a comma, where more may have followed. */
    TAP_CHECK(LOADS_WITH(HEADER "[HKLM\\A]\n\"a\"=hex:01,",
                         "x.reg:3:12: a byte of hexadecimal digits is expected here\n"));
    TAP_CHECK(LOADS_WITH("\0\0\0\0", "x.reg:1:1: the file should begin with: " HEADER
                                     "x.reg:1:1: a line begins with [, \", @ or ;\n"));
    TAP_CHECK(LOADS_WITH("\xFF", "x.reg:1:1: the file should begin with: " HEADER
                                 "x.reg:1:1: a line begins with [, \", @ or ;\n"));
    TAP_CHECK(LOADS_WITH(HEADER "[HKLM\\A]\n\"a\"=\"x\xE4y\"\n",
                         "x.reg:3:7: this is not a character of the file's encoding\n"));
    TAP_CHECK(LOADS_WITH(HEADER "[HKLM\\A]\n\"\xE4\"=\"x\"\n",
                         "x.reg:3:2: this is not a character of the file's encoding\n"));
    TAP_CHECK(
        LOADS_WITH(HEADER "[HKLM\\\xE4]\n\"a\"=\"x\"\n",
                   "x.reg:2:2: names have at most 255 characters, keys at least one, and none a "
                   "control character\nx.reg: further lines skipped: 1\n"));
    TAP_CHECK(LOADS_WITH(HEADER "[HKLM\\A]\n\"a\"=\"x\0y\"\n",
                         "x.reg:3:7: a null character stands here\n"));
}

/* Lone surrogates: kept in data, refused in names. */
static void test_surrogates(void)
{
    struct text plain = {0}, encoded;

    text_clear(&plain);
    text_add_line(&plain, REG_FILE_HEADER);
    text_add_line(&plain, "[HKLM\\A]");
    text_add_line(&plain, "\"a\"=\"x\x80y\"");
    text_add_line(&plain, "\"b\x80\"=\"x\"");
    text_add_line(&plain, "[HKLM\\\x80]");
    encoded = text_in_form(plain.bytes, plain.byte_count, FORM_UTF16);
    open_store();
    load(encoded.bytes, encoded.byte_count);
    export_store(&store, &output);
    TAP_CHECK(is_same(&output,
                      HEADER "\n[HKEY_LOCAL_MACHINE\\A]\n\"a\"=hex(1):78,00,00,d8,79,00,00,00\n",
                      "registry"));
    TAP_CHECK(summary.damaged_lines == 2 && summary.values == 1);
    /* An odd byte at the end. */
    load(encoded.bytes, encoded.byte_count - 1);
    TAP_CHECK(summary.format.half_unit && summary.format.line_open);
    host_pages_free(&pages);
    text_free(&plain);
    text_free(&encoded);
}

static void test_limits(void)
{
    struct text text = {0};
    unsigned lines = 0;

    /* Messages are bounded. */
    text_clear(&text);
    text_add_line(&text, REG_FILE_HEADER);
    for (unsigned i = 0; i < 1000; i++)
        text_add_line(&text, "garbage");
    open_store();
    load(text.bytes, text.byte_count);
    for (size_t i = 0; i < messages.byte_count; i++)
        lines += messages.bytes[i] == '\n';
    TAP_CHECK(lines == REG_FILE_MAX_REPORTS + 1 && summary.damaged_lines == 1000 &&
              strstr(messages.bytes, "x.reg: further lines skipped: 980\n"));

    /* The longest data: as bytes, and as text. */
    for (unsigned extra = 0; extra < 2; extra++) {
        text_clear(&text);
        text_add_line(&text, REG_FILE_HEADER "\n[HKLM\\A]");
        text_add(&text, "\"bytes\"=hex:", 12);
        for (unsigned i = 0; i < STORE_MAX_DATA + extra; i++)
            text_add(&text, "0,", i + 1 == STORE_MAX_DATA + extra ? 1 : 2);
        text_add(&text, "\n\"text\"=\"", 9);
        for (unsigned i = 0; i < STORE_MAX_DATA / 2 - 1 + extra; i++)
            text_add(&text, "x", 1);
        text_add_line(&text, "\"");
        load(text.bytes, text.byte_count);
        TAP_CHECK(summary.values == 2 - 2 * extra && summary.damaged_lines == 2 * extra);
    }
    /* Names of 255 characters, and one more. */
    text_clear(&text);
    text_add_line(&text, REG_FILE_HEADER "\n[HKLM\\A]");
    for (unsigned length = 255; length <= 256; length++) {
        for (unsigned i = 0; i < length; i++)
            text_add(&text, i == 0 ? "\"\u20AC" : "\u20AC", i == 0 ? 4 : 3);
        text_add_line(&text, "\"=dword:1");
    }
    load(text.bytes, text.byte_count);
    TAP_CHECK(summary.values == 1 && summary.damaged_lines == 1);
    host_pages_free(&pages);
    text_free(&text);
}

/* ------------------------------------------------------------------ batches */

static char *good_batch(unsigned number, const char *lines, uint32_t flip)
{
    static char texts[8][512];
    static unsigned next;
    char *text = texts[next++ % 8];
    uint32_t crc = 0xFFFFFFFF;

    snprintf(text, 512, "; batch %u begin\n%s", number, lines);
    /* The definition of CRC-32, bit by bit. */
    for (const char *at = text; *at; at++) {
        crc ^= (uint8_t)*at;
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    snprintf(text + strlen(text), 512 - strlen(text), "; batch %u end crc32=%08X\n", number,
             (unsigned)(~crc ^ flip));
    return text;
}

#define A "\n[HKLM\\A]\n\"a\"=dword:1\n\n"
#define B "\n[HKLM\\A]\n\"b\"=dword:1\n\n"
#define C "\n[HKLM\\A]\n\"c\"=dword:1\n\n"

/* Loads a text in every form; which of the values a, b, c are there is the outcome, as a word. */
static bool outcome_is(const char *text, const char *expected, unsigned batches, unsigned ignored,
                       unsigned damaged)
{
    bool good = true;

    for (enum form form = 0; form < FORM_COUNT; form++) {
        struct text encoded = text_in_form(text, strlen(text), form);
        struct store_key *key;
        char found[8] = "";
        open_store();
        load(encoded.bytes, encoded.byte_count);
        key = store_find_key(&store, registry_name("HKLM\\A"));
        for (const char *name = "abcd"; key && *name; name++) {
            if (store_find_value(&store, key, (struct registry_name){name, 1}))
                strncat(found, name, 1);
        }
        if (strcmp(found, expected) != 0 || summary.batches != batches ||
            summary.ignored_batches != ignored || summary.damaged_lines != damaged) {
            printf("# form %d: found \"%s\", %u batches, %u ignored, %u damaged\n%s", (int)form,
                   found, summary.batches, summary.ignored_batches, summary.damaged_lines,
                   messages.bytes);
            good = false;
        }
        host_pages_free(&pages);
        text_free(&encoded);
    }
    return good;
}

static const char *join(const char *a, const char *b, const char *c, const char *d)
{
    static char text[4096];
    snprintf(text, sizeof(text), HEADER "%s%s%s%s", a, b, c, d);
    return text;
}

/* Strings that go on over line ends, as regedit writes them: what stands in them is text, whatever it looks
 * like; and where the end is missing, nothing of it is read either. */
static void test_long_strings(void)
{
    static const char lines[] = "[HKLM\\A]\n\"a\"=\"x\n@=-\" ; y\n\"b\"=dword:1\n";
    static const char *const texts[] = {
        "\n[HKEY_LOCAL_MACHINE\\A]\n\"a\"=hex(1):78,00,0a,00,40,00,3d,00,2d,00,00,00\n"
        "\"b\"=dword:00000001\n",
        "\n[HKEY_LOCAL_MACHINE\\A]\n\"a\"=hex(1):78,00,0d,00,0a,00,40,00,3d,00,2d,00,00,00\n"
        "\"b\"=dword:00000001\n",
    };
    const char *start = "[HKLM\\A]\n\"b\"=dword:1\n\"a\"=\"x\n[-HKLM\\\\A]\n@=dword:1\n\n";

    for (unsigned i = 0; i < 2; i++) {
        struct text encoded = text_in_form(join(lines, "", "", ""), strlen(HEADER) + strlen(lines),
                                           i == 0 ? FORM_UTF8 : FORM_UTF16_CRLF);
        open_store();
        load(encoded.bytes, encoded.byte_count);
        export_store(&store, &output);
        TAP_CHECK(messages.byte_count == 0 &&
                  is_same(&output, join(texts[i], "", "", ""), "strings with line ends"));
        host_pages_free(&pages);
        text_free(&encoded);
    }
    TAP_CHECK(outcome_is(join(start, "; \\\"z\\\"=\\\"\n", "\n\" ;\n", "\"c\"=dword:1\n"), "abc", 0,
                         0, 0));
    TAP_CHECK(outcome_is(join(start, "", "", ""), "b", 0, 0, 1));
    TAP_CHECK(outcome_is(join(start, good_batch(1, C, 0), "", ""), "bc", 1, 0, 1));
    TAP_CHECK(outcome_is(join(start, "\"d\"=\"y\"\n", "\"c\"=dword:1\n", ""), "bc", 0, 0, 1));
    /* Something is wrong with the text itself. */
    TAP_CHECK(outcome_is(join("[HKLM\\A]\n\"a\"=\"c:\\x\n", "[-HKLM\\A]\n\n\\\n@=dword:1\n\"\n",
                              "\"b\"=dword:1\n", ""),
                         "b", 0, 0, 1));
    TAP_CHECK(LOADS_WITH(HEADER "[HKLM\\A]\n\"a\"=\"x\n@=dword:1\n",
                         "x.reg:3:7: the closing quotation mark is missing\n"));
}

static void test_batches(void)
{
    char text[256];
    const char *a = good_batch(1, A, 0), *b = good_batch(2, B, 0), *bad = good_batch(1, A, 1);

    /* The check value is Python's zlib.crc32(b'; batch 1 begin\n\n[HKLM\\A]\n"a"=dword:1\n\n'). */
    TAP_CHECK(
        outcome_is(HEADER "\n; batch 1 begin\n" A "; batch 1 end crc32=41BB672C\n", "a", 1, 0, 0));
    TAP_CHECK(
        outcome_is(HEADER "\n; batch 1 begin\n" A "; batch 1 end crc32=41bb672c\n", "a", 1, 0, 0));
    TAP_CHECK(outcome_is(join(a, "", "", ""), "a", 1, 0, 0) && summary.last_batch == 1);
    TAP_CHECK(outcome_is(join(a, "\n", b, ""), "ab", 2, 0, 0) && summary.last_batch == 2);
    TAP_CHECK(outcome_is(join(a, C, b, C), "abc", 2, 0, 0));
    /* Another check value, another number, lines added or lost. */
    TAP_CHECK(outcome_is(join(bad, "", "", ""), "", 0, 1, 0));
    TAP_CHECK(outcome_is(join(bad, C, b, ""), "bc", 1, 1, 0));
    TAP_CHECK(
        outcome_is(join("; batch 1 begin\n" A, strstr(b, "; batch 2 end"), C, ""), "c", 0, 1, 0));
    TAP_CHECK(
        outcome_is(join("; batch 2 begin\n", A, strstr(b, "; batch 2 end"), ""), "", 0, 1, 0));
    snprintf(text, sizeof(text), "%s", join(a, C, "", ""));
    memcpy(strstr(text, "; batch 1 end") + 8, "3", 1);
    TAP_CHECK(outcome_is(text, "c", 0, 1, 0));
    /* No end line: up to the next begin line, or the end of the file. */
    TAP_CHECK(outcome_is(join("; batch 7 begin\n" A, "", b, C), "bc", 1, 1, 0) &&
              summary.last_batch == 7);
    TAP_CHECK(outcome_is(join(a, "; batch 2 begin\n", B, C), "a", 1, 1, 0));
    TAP_CHECK(outcome_is(join("; batch 1 begin\n", "; batch 2 begin\n", "; batch 3 begin\n", A), "",
                         0, 3, 0));
    TAP_CHECK(outcome_is(join(C, "\n; batch 1 begin", "", ""), "c", 0, 1, 0));
    /* What only looks like a marker is a comment. */
    TAP_CHECK(outcome_is(join(";batch 1 begin\n" A, "; batch 0 begin\n", "; batch 01 begin\n", B),
                         "ab", 0, 0, 0));
    TAP_CHECK(outcome_is(
        join(" ; batch 1 begin\n" A, "; batch 1 begin \n", "; batch 4294967296 begin\n", B), "ab",
        0, 0, 0));
    TAP_CHECK(outcome_is(
        join("; Batch 1 begin\n" A, "; batch 1 end crc32=1234567\n", "; batch x begin\n", B), "ab",
        0, 0, 0));
    TAP_CHECK(outcome_is(join(good_batch(4294967295u, A, 0), "", "", ""), "a", 1, 0, 0) &&
              summary.last_batch == UINT32_MAX);
    /* Damaged lines in a good batch; the key of lines behind one. */
    TAP_CHECK(outcome_is(join(good_batch(1, "garbage\n" A, 0), "", "", ""), "a", 1, 0, 1));
    TAP_CHECK(outcome_is(join(a, "\"b\"=dword:1\n", "", ""), "ab", 1, 0, 0));
    TAP_CHECK(outcome_is(join(bad, "\"b\"=dword:1\n", "", ""), "", 0, 1, 1));
    TAP_CHECK(outcome_is(join("[HKLM\\A]\n", bad, "\"b\"=dword:1\n", ""), "b", 0, 1, 0));
    /* A continuation does not reach over a marker. */
    TAP_CHECK(outcome_is(join("[HKLM\\A]\n\"c\"=hex:01,\\\n", a, "02\n", ""), "a", 1, 0, 2));
    /* No line end behind the end line. */
    snprintf(text, sizeof(text), "%s", join(a, "", "", ""));
    text[strlen(text) - 1] = '\0';
    TAP_CHECK(outcome_is(text, "a", 1, 0, 0) && summary.format.line_open);
    text[strlen(text) - 1] = '\0';
    TAP_CHECK(outcome_is(text, "", 0, 1, 0));
}

/* End lines without a begin line. `bytes` counts the characters from the begin line on, as UTF-8
 * with line ends of one byte. */
static void test_lost_begins(void)
{
    const char *a = good_batch(1, A, 0);

    /* Of an older session: the lines count, since nothing says which they are; but it is said. */
    TAP_CHECK(outcome_is(join(C, "; batch 1 end crc32=12345678\n", B, ""), "bc", 0, 1, 0));
    TAP_CHECK(strcmp(messages.bytes,
                     "x.reg:6:1: this end line has no begin line: what stands above it "
                     "may be half a batch\n") == 0);
    /* A is 24 bytes, and C, too. */
    TAP_CHECK(
        outcome_is(join(C, "; batch 2 end crc32=12345678 bytes=1000\n", B, ""), "b", 0, 1, 0));
    TAP_CHECK(strcmp(messages.bytes,
                     "x.reg:6:1: this end line has no begin line: lines 1 to 5, which may "
                     "be half of its batch, are ignored\n") == 0);
    TAP_CHECK(
        outcome_is(join(a, C, "; batch 2 end crc32=12345678 bytes=1000\n", B), "ab", 1, 1, 0));
    TAP_CHECK(outcome_is(join(B, "\n[HKLM\\A]\n", C, "; batch 2 end crc32=12345678 bytes=24\n"),
                         "b", 0, 1, 0));
    TAP_CHECK(outcome_is(join(B, C, "; batch 2 end crc32=12345678 bytes=4\n", ""), "bc", 0, 1, 0));
    TAP_CHECK(outcome_is(
        join(B, "\n[HKLM\\A]\n", "\"c\"=dword:1\n", "; batch 2 end crc32=12345678 bytes=12\n"), "b",
        0, 1, 0));
    TAP_CHECK(outcome_is(
        join(B, "\n[HKLM\\A]\n", "\"c\"=dword:1\n", "; batch 2 end crc32=12345678 bytes=11\n"),
        "bc", 0, 1, 0));
    TAP_CHECK(summary.last_batch == 2 && reg_is_damaged(&summary));
    /* A complete batch, an ignored one, and another end line stop it. */
    TAP_CHECK(outcome_is(join(B, "; batch 7 end crc32=12345678 bytes=1\n", C,
                              "; batch 2 end crc32=12345678 bytes=1000\n"),
                         "b", 0, 2, 0));
    TAP_CHECK(
        outcome_is(join(B, good_batch(1, A, 1), C, "; batch 2 end crc32=12345678 bytes=1000\n"),
                   "b", 0, 2, 0));
    /* A length that is none is no end line. */
    TAP_CHECK(outcome_is(join(C, "; batch 2 end crc32=12345678 bytes=0\n",
                              "; batch 2 end crc32=12345678 bytes=4294967296\n",
                              "; batch 2 end crc32=12345678  bytes=9\n"),
                         "c", 0, 0, 0));
}

/* ------------------------------------------------------------------ one value from a command */

static void test_single_values(void)
{
    static const struct {
        const char *text, *written;
    } values[] = {
        {"dword:1f", "dword:0000001f"},
        {"DWORD:FFFFFFFF", "dword:ffffffff"},
        {"\"text\"", "\"text\""},
        {"\"a\\\\b\"", "\"a\\\\b\""},
        {"sz:", "\"\""},
        {"sz:a\\b \"c\" ", "\"a\\\\b \\\"c\\\" \""},
        {"sz:\u00E4", "hex(1):e4,00,00,00"},
        {"hex:", "hex:"},
        {"hex(7):41,00,00,00,00,00", "hex(7):41,00,00,00,00,00"},
        {"hex:01,02 ; comment", "hex:01,02"},
        {"", NULL},
        {"-", NULL},
        {"dword:", NULL},
        {"dword:1 2", NULL},
        {"text", NULL},
        {"hex:01,\\", NULL},
        {"hex:1,", NULL},
        {"sz:\xFF", NULL},
        {"qword:1", NULL},
    };
    struct store_key *key;
    const char *fault;
    uint32_t column;
    bool good = true;

    open_store();
    for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        bool set = reg_set_from_text(&store, registry_name("HKLM\\New"), registry_name("v"),
                                     registry_name(values[i].text), &fault, &column);
        key = store_find_key(&store, registry_name("HKLM\\New"));
        text_clear(&output);
        if (set) {
            struct reg_writer writer;
            reg_writer_init(&writer, text_add, &output, REG_UTF8, false);
            reg_write_data(&writer, store_find_value(&store, key, registry_name("v")));
            reg_writer_finish(&writer);
        }
        if (set != (values[i].written != NULL) ||
            (set && strcmp(output.bytes, values[i].written) != 0) || (!set && !*fault) ||
            (!set && key) || store.first_change) {
            printf("# %s: %s\n", values[i].text, set ? output.bytes : fault);
            good = false;
        }
        store_delete_key(&store, registry_name("HKLM\\New"));
    }
    TAP_CHECK(good);
    TAP_CHECK(!reg_set_from_text(&store, registry_name("HKLM\\New"), registry_name("v"),
                                 registry_name("dword:1x"), &fault, &column) &&
              column == 8);
    TAP_CHECK(!reg_set_from_text(&store, registry_name("New"), registry_name("v"),
                                 registry_name("dword:1"), &fault, &column));
    host_pages_free(&pages);
}

int main(void)
{
    test_examples();
    test_other_formats();
    test_older_format();
    test_odd_files();
    test_surrogates();
    test_limits();
    test_long_strings();
    test_batches();
    test_lost_begins();
    test_single_values();
    text_free(&messages);
    text_free(&output);
    return tap_exit();
}
