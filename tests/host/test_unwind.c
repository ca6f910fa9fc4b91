/* SPDX-License-Identifier: MIT */
/*
 * Unwinding by the tables of images for x86_64: each step of a prologue, whole and in its midst; and tables that
 * are damaged, by hand and at random, which may lead astray but not out of the image, nor for ever.
 *
 * The image lies at the end of what may be read, and one of its sections, which nothing needs at run time, is no
 * memory at all, as in the kernel.
 *
 * SOURCES: port/loader/unwind.c port/loader/pe_load.c port/loader/pe_error.c
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "port/loader/pe.h"
#include "port/loader/unwind.h"
#include "tests/host/tap.h"

#define TEXT        0x1000u
#define ROWS        0x2000u /* .pdata */
#define ROWS_SIZE   0x180u
#define HOLE        0x3000u
#define CODES       0x4000u /* .xdata, to the image's end */
#define IMAGE_SIZE  0x5000u
#define ROW_COUNT   9u
#define READS_LIMIT (8u * 258u + 2u)

static uint8_t *image;
static const struct pe_image_info whole = {
    .machine = PE_MACHINE_AMD64,
    .mapped_byte_count = IMAGE_SIZE,
    .header_byte_count = 0x1000,
    .section_alignment = PE_PAGE_SIZE,
    .functions = {ROWS, ROW_COUNT * 12},
    .section_count = 4,
    .sections = {{".text", TEXT, 0x1000, 0, 0, PE_READ_EXECUTE, true},
                 {".pdata", ROWS, ROWS_SIZE, 0, 0, PE_READ_ONLY, true},
                 {".reloc", HOLE, 0x1000, 0, 0, PE_READ_ONLY, false},
                 {".xdata", CODES, 0x1000, 0, 0, PE_READ_ONLY, true}},
};
static struct pe_image_info info;

/* ------------------------------------------------------------------ the stack */

#define STACK       0x700000000000ull
#define STACK_WORDS 96u

static unsigned reads;

/* Each word says where it lies: 1000h for each. */
static uint64_t word_at(uint64_t address)
{
    return 0x10000000u + (address - STACK) / 8 * 0x1000u;
}

static bool read_stack(uint64_t address, uint64_t *word)
{
    reads++;
    if (address < STACK || address - STACK >= STACK_WORDS * 8)
        return false;
    *word = word_at(address);
    return true;
}

/* ------------------------------------------------------------------ tables */

static void put32(uint32_t rva, uint32_t value)
{
    memcpy(image + rva, &value, sizeof value);
}

/* Function `index` is 100h bytes at TEXT + 200h * index. */
static uint32_t function(unsigned index)
{
    return TEXT + 0x200u * index;
}

static void put_row(uint32_t rva, unsigned index, uint32_t codes)
{
    put32(rva, function(index));
    put32(rva + 4, function(index) + 0x100);
    put32(rva + 8, codes);
}

/* The tables of one function, with so many bytes of codes and of what follows them. */
static void put_function(unsigned index, const uint8_t *codes, size_t byte_count)
{
    const uint32_t at = CODES + 0x40u * index;

    put_row(ROWS + 12 * index, index, at);
    memcpy(image + at, codes, byte_count);
}
#define FUNCTION(index, ...)                          \
    do {                                              \
        static const uint8_t bytes[] = {__VA_ARGS__}; \
        put_function((index), bytes, sizeof(bytes));  \
    } while (0)

/* Flags and version; how long the prologue is; how many codes; the frame register, its offset. A code: where in the
 * prologue its instruction ends; step | operand << 4. */
enum { PUSHES, LARGE, HUGE, FRAME, SAVES, INTERRUPTED, WITH_CODE, PART, WHOLE };
#define CHAINED 0x21

static void build(void)
{
    info = whole;
    memset(image + TEXT, 0xCC, 0x1000);
    memset(image + ROWS, 0, 0x1000);
    memset(image + CODES, 0, 0x1000);
    /* push rbp; push rbx; sub rsp, 20h */
    FUNCTION(PUSHES, 1, 6, 3, 0, 6, 0x32, 2, 0x30, 1, 0x50);
    /* sub rsp, 88h, by a code of two */
    FUNCTION(LARGE, 1, 7, 2, 0, 7, 0x01, 0x11, 0);
    /* sub rsp, 100h, by one of three, and an XMM register saved */
    FUNCTION(HUGE, 1, 12, 5, 0, 12, 0x68, 1, 0, 7, 0x11, 0, 1, 0, 0);
    /* push rbp; sub rsp, 30h; lea rbp, [rsp + 20h] */
    FUNCTION(FRAME, 1, 10, 3, 0x25, 10, 0x03, 5, 0x52, 1, 0x50);
    /* sub rsp, 40h; mov [rsp + 28h], rbp; mov [rsp + 30h], rbx by the long form */
    FUNCTION(SAVES, 1, 14, 6, 0, 14, 0x35, 0x30, 0, 0, 0, 9, 0x54, 5, 0, 4, 0x72);
    FUNCTION(INTERRUPTED, 1, 0, 1, 0, 0, 0x0A);
    FUNCTION(WITH_CODE, 1, 0, 1, 0, 0, 0x1A);
    /* sub rsp, 8, in a part of the function PUSHES */
    FUNCTION(PART, CHAINED, 4, 1, 0, 4, 0x02, 0, 0);
    put_row(CODES + 0x40 * PART + 8, PUSHES, CODES + 0x40 * PUSHES);
    FUNCTION(WHOLE, 1, 0, 0, 0);
}

/* ------------------------------------------------------------------ steps */

static struct unwind_frame frame;

static bool step_at(uint32_t rva, bool is_call)
{
    frame = (struct unwind_frame){.ip = 1, .sp = STACK + 0x40, .bp = STACK + 0x100};
    reads = 0;
    return unwind_step(&info, image, rva, is_call, read_stack, &frame);
}

/* The return address lay `words` above the stack pointer, and the frame pointer is what it was. */
static bool returned_from(unsigned words)
{
    const uint64_t at = STACK + 0x40 + words * 8;
    return frame.ip == word_at(at) && frame.sp == at + 8;
}

static void test_steps(void)
{
    const uint64_t kept = STACK + 0x100;

    build();
    TAP_CHECK(step_at(function(PUSHES) + 0x20, true) && returned_from(6) &&
              frame.bp == word_at(STACK + 0x40 + 40));
    TAP_CHECK(step_at(function(PUSHES), false) && returned_from(0) && frame.bp == kept);
    TAP_CHECK(step_at(function(PUSHES) + 1, false) && returned_from(1) &&
              frame.bp == word_at(STACK + 0x40));
    TAP_CHECK(step_at(function(PUSHES) + 5, false) && returned_from(2) &&
              frame.bp == word_at(STACK + 0x48));
    TAP_CHECK(step_at(function(LARGE) + 0x20, true) && returned_from(0x11) && frame.bp == kept);
    TAP_CHECK(step_at(function(HUGE) + 0x20, true) && returned_from(0x20) && frame.bp == kept);
    /* The stack pointer says nothing of a function that has set its frame register. */
    TAP_CHECK(step_at(function(FRAME) + 0x20, true) && frame.sp == kept - 0x20 + 0x30 + 16 &&
              frame.bp == word_at(kept - 0x20 + 0x30) &&
              frame.ip == word_at(kept - 0x20 + 0x30 + 8));
    TAP_CHECK(step_at(function(FRAME) + 5, false) && returned_from(7) &&
              frame.bp == word_at(STACK + 0x40 + 0x30));
    TAP_CHECK(step_at(function(SAVES) + 0x20, true) && returned_from(8) &&
              frame.bp == word_at(STACK + 0x40 + 0x28));
    TAP_CHECK(step_at(function(INTERRUPTED) + 0x20, false) && frame.ip == word_at(STACK + 0x40) &&
              frame.sp == word_at(STACK + 0x40 + 24));
    TAP_CHECK(step_at(function(WITH_CODE) + 0x20, false) && frame.ip == word_at(STACK + 0x48) &&
              frame.sp == word_at(STACK + 0x48 + 24));
    TAP_CHECK(step_at(function(PART) + 0x20, true) && returned_from(7) &&
              frame.bp == word_at(STACK + 0x48 + 40));
    TAP_CHECK(step_at(function(WHOLE) + 0x20, true) && returned_from(0));
    /* In a part the frame register was set by the whole: mov [frame + 8], rbp. */
    FUNCTION(PART, CHAINED, 10, 2, 0x25, 4, 0x54, 1, 0);
    put_row(CODES + 0x40 * PART + 8, WHOLE, CODES + 0x40 * WHOLE);
    TAP_CHECK(step_at(function(PART) + 5, false) && frame.bp == word_at(kept - 0x20 + 8));
    /* As many codes as there may be, of which the last one lacks its second half. */
    put32(ROWS + 8, IMAGE_SIZE - 4 - 510);
    memset(image + IMAGE_SIZE - 4 - 510, 0, 4 + 510);
    image[IMAGE_SIZE - 4 - 510 + 2] = 255;
    for (unsigned i = 0; i < 254; i++)
        image[IMAGE_SIZE - 510 + 2 * i + 1] = 0x06; /* nothing */
    image[IMAGE_SIZE - 1] = 0x11;
    TAP_CHECK(step_at(function(PUSHES) + 0x20, true) && returned_from(0));
}

/* A function without a row keeps nothing on the stack, and calls nobody. */
static void test_no_row(void)
{
    build();
    TAP_CHECK(step_at(function(PUSHES) + 0x180, false) && returned_from(0));
    TAP_CHECK(!step_at(function(PUSHES) + 0x180, true));
    TAP_CHECK(step_at(TEXT - 1, false) && step_at(UINT32_MAX, false));
    info.functions = (struct pe_directory){0, 0};
    TAP_CHECK(!step_at(function(PUSHES), false));
    build();
    info.machine = PE_MACHINE_I386;
    TAP_CHECK(!step_at(function(PUSHES), false));
}

/* ------------------------------------------------------------------ damage */

/* No more was read than a table can ask for, and a frame that could not be unwound is as it was. */
static bool stays_sane(uint32_t rva, bool is_call)
{
    const bool stepped = step_at(rva, is_call);

    return reads <= READS_LIMIT &&
           (stepped || (frame.ip == 1 && frame.sp == STACK + 0x40 && frame.bp == STACK + 0x100));
}

static bool is_refused(void)
{
    return stays_sane(function(PUSHES) + 0x20, true) && frame.ip == 1;
}

static void test_refusals(void)
{
    static const uint32_t nowhere[] = {0,
                                       1,
                                       TEXT - 4,
                                       HOLE,
                                       HOLE + 0xFFE,
                                       HOLE - 2,
                                       IMAGE_SIZE,
                                       CODES - 1,
                                       ROWS + ROWS_SIZE - 3,
                                       IMAGE_SIZE - 3,
                                       0x7FFFFFFF,
                                       0x80000000,
                                       UINT32_MAX,
                                       UINT32_MAX - 3};
    bool all = true;

    for (unsigned i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) {
        build();
        put32(ROWS + 8, nowhere[i]);
        all = all && is_refused();
    }
    tap_ok(all, "codes outside the image, or across a section's end");
    build();
    put32(ROWS + 8, IMAGE_SIZE - 4);
    image[IMAGE_SIZE - 2] = 1;
    TAP_CHECK(is_refused()); /* a code would lie behind the image */
    for (unsigned step = 11; all && step < 16; step++) {
        build();
        image[CODES + 5] = (uint8_t)step;
        all = is_refused();
    }
    tap_ok(all, "steps that there are not");
    build();
    image[CODES + 2] = 4; /* the first code of the stack's, once more, and no stack there */
    frame.sp = 0;
    TAP_CHECK(stays_sane(function(PUSHES) + 0x20, true));
    build();
    image[CODES + 0x40 * FRAME + 3] = 0x23; /* RBX, which nobody knows */
    TAP_CHECK(stays_sane(function(FRAME) + 0x20, true) && frame.ip == 1);
    /* A part of itself; and of a part that is a part of it. */
    build();
    put_row(CODES + 0x40 * PART + 8, PART, CODES + 0x40 * PART);
    TAP_CHECK(stays_sane(function(PART) + 0x20, true) && frame.ip == 1);
    build();
    image[CODES] = CHAINED;
    put_row(CODES + 12, PART, CODES + 0x40 * PART);
    TAP_CHECK(is_refused());
    /* Its whole lies nowhere. */
    build();
    put32(CODES + 0x40 * PART + 16, HOLE);
    TAP_CHECK(stays_sane(function(PART) + 0x20, true) && frame.ip == 1);
}

/* Where the rows are is the file's to say, too. */
static void test_directories(void)
{
    static const struct pe_directory odd[] = {
        {ROWS, UINT32_MAX},
        {HOLE, 0x1000},
        {HOLE - 4, 12 * ROW_COUNT},
        {IMAGE_SIZE - 8, 120},
        {UINT32_MAX - 20, 0x1000},
        {UINT32_MAX, 24},
        {ROWS + 1, 12 * ROW_COUNT},
        {1, 0x4000},
        {CODES, 0x10000},
        {ROWS, 12 * ROW_COUNT - 1},
        {ROWS, 11},
        {IMAGE_SIZE, 12},
    };
    bool all = true;

    for (unsigned i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        build();
        info.functions = odd[i];
        for (uint32_t rva = 0; rva < 2 * IMAGE_SIZE; rva += 0x55)
            all = stays_sane(rva, rva & 1) && all;
    }
    tap_ok(all, "rows that lie elsewhere");
}

static uint32_t random_state;

static uint32_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    return random_state ^= random_state << 5;
}

/* A byte of the tables is another one, or four are a place that is likely to be taken for one. */
static void damage(void)
{
    static const uint32_t places[] = {ROWS,       CODES, CODES + 0x40 * PART, HOLE,
                                      IMAGE_SIZE, TEXT,  UINT32_MAX};
    const uint32_t rva = next_random() & 1 ? ROWS + next_random() % (12 * ROW_COUNT)
                                           : CODES + next_random() % (0x40 * (ROW_COUNT + 1));

    if (next_random() % 4)
        image[rva] = (uint8_t)next_random();
    else
        put32(rva, places[next_random() % 7] + (next_random() % 9 - 4) * (next_random() & 1));
}

static void test_random_damage(unsigned rounds)
{
    for (unsigned round = 1; round <= rounds; round++) {
        build();
        random_state = round * 2654435761u;
        for (unsigned count = 1 + next_random() % 8; count > 0; count--)
            damage();
        for (unsigned i = 0; i < ROW_COUNT; i++)
            if (!stays_sane(function(i) + next_random() % 0x110, next_random() & 1)) {
                tap_ok(false, "random damage, round %u", round);
                return;
            }
    }
    tap_ok(true, "random damage, %u times", rounds);
}

/* ------------------------------------------------------------------ */

int main(void)
{
    uint8_t *pages =
        mmap(NULL, IMAGE_SIZE + 0x1000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED || mprotect(pages + IMAGE_SIZE, 0x1000, PROT_NONE) ||
        mprotect(pages + HOLE, 0x1000, PROT_NONE)) {
        printf("Bail out! there is no memory for an image\n");
        return 1;
    }
    image = pages;
    alarm(60); /* a loop is a failure */
    test_steps();
    test_no_row();
    test_refusals();
    test_directories();
    test_random_damage(60000);
    return tap_exit();
}
