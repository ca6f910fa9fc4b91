/* SPDX-License-Identifier: MIT */
/*
 * Unwind information of PE images for x86_64; see unwind.h. A row for each function says where its
 * codes are: what its prologue did, the last step first, which is undone in that order. A function
 * without a row calls nobody and keeps nothing on the stack. Of epilogues nothing is known: in the
 * middle of one the prologue counts as still done, and the caller may be a wrong one. Any context.
 */
#include "port/loader/unwind.h"

#include <string.h>

#include "port/loader/pe.h"

#define ROW_BYTES   12u /* begin, end, information: offsets from the image's beginning */
#define CHAIN_LIMIT 8u

/* Steps, in bits 11:8 of a code; bits 7:0 are the offset behind it in the prologue. */
enum step {
    STEP_PUSH,
    STEP_ALLOCATE_LARGE,
    STEP_ALLOCATE_SMALL,
    STEP_SET_FRAME,
    STEP_SAVE,
    STEP_SAVE_FAR,
    STEP_EPILOGUE,
    STEP_SPARE,
    STEP_SAVE_XMM,
    STEP_SAVE_XMM_FAR,
    STEP_INTERRUPTED,
};
#define INFORMATION_CHAINED 0x4u

#define REGISTER_SP 4u
#define REGISTER_BP 5u

struct state {
    const struct pe_image_info *info;
    const uint8_t *image;
    unwind_reader *read;
    uint64_t sp, registers[16];
    uint32_t known;      /* of the registers, a bit each */
    uint64_t frame_base; /* what offsets of saved registers count from */
    bool is_interrupted; /* a frame that the CPU has pushed lies on top */
};

/* What lies in the image there; NULL: not so many bytes of a section that is in memory. */
static const uint8_t *piece(const struct state *state, uint32_t rva, uint32_t byte_count)
{
    const struct pe_section *section = pe_section_at(state->info, rva);

    return section && section->mapped && rva <= state->info->mapped_byte_count &&
                   byte_count <= state->info->mapped_byte_count - rva &&
                   pe_section_at(state->info, rva + byte_count - 1) == section
               ? state->image + rva
               : NULL;
}

static uint32_t word32(const uint8_t *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* The row of the function that an instruction is in; NULL: it has none. Rows are in order. */
static const uint8_t *find_row(const struct state *state, uint32_t rva)
{
    uint32_t first = 0, end = state->info->functions.byte_count / ROW_BYTES;

    while (first < end) {
        uint32_t middle = first + (end - first) / 2;
        const uint8_t *row =
            piece(state, state->info->functions.rva + middle * ROW_BYTES, ROW_BYTES);
        if (!row)
            return NULL;
        if (rva < word32(row))
            end = middle;
        else if (rva >= word32(row + 4))
            first = middle + 1;
        else
            return row;
    }
    return NULL;
}

/* How many codes one takes; 0: nobody knows it. */
static unsigned code_length(unsigned step, unsigned operand)
{
    switch ((enum step)step) {
    case STEP_PUSH:
    case STEP_ALLOCATE_SMALL:
    case STEP_SET_FRAME:
    case STEP_EPILOGUE:
    case STEP_INTERRUPTED:
        return 1;
    case STEP_ALLOCATE_LARGE:
        return operand ? 3 : 2;
    case STEP_SAVE:
    case STEP_SAVE_XMM:
        return 2;
    case STEP_SAVE_FAR:
    case STEP_SPARE:
    case STEP_SAVE_XMM_FAR:
        return 3;
    }
    return 0;
}

static bool restore(struct state *state, unsigned number, uint64_t address)
{
    if (!state->read(address, &state->registers[number]))
        return false;
    state->known |= 1u << number;
    return true;
}

/* Undoes one step. `codes` begins with its own; `frame` is the information's byte about the frame
 * register. False: it cannot be. */
static bool undo(struct state *state, const uint8_t *codes, uint8_t frame)
{
    const unsigned operand = codes[1] >> 4, number = frame & 0xF;
    uint32_t more = (uint32_t)codes[2] | (uint32_t)codes[3] << 8;

    switch ((enum step)(codes[1] & 0xF)) {
    case STEP_PUSH:
        state->sp += 8;
        return restore(state, operand, state->sp - 8);
    case STEP_ALLOCATE_LARGE:
        state->sp +=
            operand ? more | (uint32_t)codes[4] << 16 | (uint32_t)codes[5] << 24 : more * 8;
        return true;
    case STEP_ALLOCATE_SMALL:
        state->sp += operand * 8 + 8;
        return true;
    case STEP_SET_FRAME:
        if (!(state->known >> number & 1))
            return false;
        state->sp = state->frame_base = state->registers[number] - (frame >> 4) * 16u;
        return true;
    case STEP_SAVE:
        return restore(state, operand, state->frame_base + more * 8);
    case STEP_SAVE_FAR:
        return restore(state, operand,
                       state->frame_base +
                           (more | (uint32_t)codes[4] << 16 | (uint32_t)codes[5] << 24));
    case STEP_INTERRUPTED:
        state->sp += operand * 8;
        state->is_interrupted = true;
        return true;
    case STEP_EPILOGUE:
    case STEP_SPARE:
    case STEP_SAVE_XMM:
    case STEP_SAVE_XMM_FAR:
        return true;
    }
    return false;
}

/* Undoes what a function's prologue had done, up to an offset into it. Returns the row of the
 * function that this one is a part of; NULL: it is none, and all is done, or *failed. */
static const uint8_t *undo_all(struct state *state, const uint8_t *row, uint32_t into, bool *failed)
{
    uint32_t rva = word32(row + 8);
    const uint8_t *head = piece(state, rva, 4), *codes = NULL;
    unsigned count = head ? head[2] : 0;

    *failed = true;
    /* Three codes more may be looked at than there are: those of the last one. */
    uint8_t copy[2 * (256 + 3)] = {0};
    if (!head || (count && !(codes = piece(state, rva + 4, count * 2))))
        return NULL;
    if (codes)
        memcpy(copy, codes, count * 2);
    /* A register that stands for the frame is set by one of the steps: before that it is not. In a
     * part of a function the steps of the whole have set it. */
    const unsigned frame = head[3] & 0xF;
    bool is_set = into >= head[1] || head[0] >> 3 & INFORMATION_CHAINED;
    for (unsigned i = 0, length; frame && i < count; i += length) {
        length = code_length(copy[2 * i + 1] & 0xF, copy[2 * i + 1] >> 4);
        if (length == 0)
            return NULL;
        is_set |= (copy[2 * i + 1] & 0xF) == STEP_SET_FRAME && copy[2 * i] <= into;
    }
    state->frame_base = frame && is_set && state->known >> frame & 1
                            ? state->registers[frame] - (head[3] >> 4) * 16u
                            : state->sp;
    for (unsigned i = 0, length; i < count; i += length) {
        length = code_length(copy[2 * i + 1] & 0xF, copy[2 * i + 1] >> 4);
        if (length == 0 || (copy[2 * i] <= into && !undo(state, copy + 2 * i, head[3])))
            return NULL;
    }
    *failed = false;
    return head[0] >> 3 & INFORMATION_CHAINED
               ? piece(state, rva + 4 + (count + 1) / 2 * 4, ROW_BYTES)
               : NULL;
}

bool unwind_step(const struct pe_image_info *info, const uint8_t *image, uint32_t rva, bool is_call,
                 unwind_reader *read, struct unwind_frame *frame)
{
    struct state state = {.info = info, .image = image, .read = read, .sp = frame->sp};
    struct unwind_frame caller;
    bool failed = false;

    if (info->machine != PE_MACHINE_AMD64 || info->functions.rva == 0)
        return false;
    state.registers[REGISTER_SP] = frame->sp;
    state.registers[REGISTER_BP] = frame->bp;
    state.known = 1u << REGISTER_SP | 1u << REGISTER_BP;
    const uint8_t *row = find_row(&state, rva);
    if (!row && is_call)
        return false; /* an image may have rows for a part of it */
    uint32_t into = row ? rva - word32(row) : 0;
    for (unsigned parts = 0; row && parts < CHAIN_LIMIT; parts++, into = UINT32_MAX)
        row = undo_all(&state, row, into, &failed);
    if (failed || row || !read(state.sp, &caller.ip))
        return false;
    caller.sp = state.sp + 8;
    caller.bp = state.registers[REGISTER_BP];
    if (state.is_interrupted && !read(state.sp + 24, &caller.sp))
        return false;
    *frame = caller;
    return true;
}
