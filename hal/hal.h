/* SPDX-License-Identifier: MIT */
/*
 * The hardware abstraction layer: everything that port/ and boot/ may know about the machine.
 *
 * Owns: CPU, interrupt controllers, clock, page tables, I/O instructions, PCI configuration space,
 * COM1, COM2, the debug console, the journal, the exit port. May not: know anything of ATA or of
 * the miniport interface.
 *
 * One CPU. "Interrupt context" below means: called with CPU interrupts disabled, from a handler.
 * IRQL is the port's idea, not the HAL's: here interrupts are enabled or disabled.
 */
#ifndef HAL_HAL_H
#define HAL_HAL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/journal.h"

/* ------------------------------------------------------------------ boot information */

#define HAL_MAX_BOOT_MODULES 64u

struct hal_boot_module {
    /* "type=... name=..." as run-qemu.sh wrote it, without the file name. */
    const char *command_line;
    const void *data; /* mapped read-only, page-aligned, stays for ever */
    size_t byte_count;
};

struct hal_boot_info {
    /* The kernel's, without the file name, which ends at the first blank; "" if none. */
    const char *command_line;
    unsigned module_count;
    struct hal_boot_module modules[HAL_MAX_BOOT_MODULES];
};

const struct hal_boot_info *hal_boot_info(void);

/* The kernel proper, in boot/: called once on the boot stack with interrupts enabled and everything
 * in this header ready. */
_Noreturn void kernel_main(void);

/* ------------------------------------------------------------------ console, log, end */

/* COM1. Any context. A byte goes out as it is (no CR is added). Waits for room. */
void hal_console_write(const char *text, size_t byte_count);
/* Next byte received on COM1, or -1. Input is interrupt-driven; an input wakes
 * hal_wait_for_interrupt. */
int hal_console_read(void);
/* True once for each Ctrl-C (0x03) received since the last call; that byte is not in the input. */
bool hal_console_take_break(void);
/* From now on the host learns for each byte when there is room for it (lib/host_file.h), and sends
 * none before, for an emulator that does not look for itself. Context: not from an interrupt. */
void hal_console_announce_room(void);
uint64_t hal_console_interrupts(void); /* since boot */
/* QEMU's debug console port (0xE9): the log. Any context. */
void hal_log_write(const char *text, size_t byte_count);

/* The journal, a file on the host that can only grow: is there one? Returns when the bytes are in
 * the file. Any context. */
bool hal_journal_present(void);
void hal_journal_append(const void *bytes, size_t byte_count);

/* Says something about it to whom looks after the file (lib/journal.h). Any context. */
void hal_journal_tell(const struct journal_message *message);

/* Files on the host (lib/host_file.h): does anybody make them? And more of what is to be in one.
 * Any context. */
bool hal_host_file_present(void);
void hal_host_file_put(const void *bytes, size_t byte_count);

/* Single bytes to and from a program on the host (COM2), by which each wakes the other. False:
 * there is no such line. The hook is called for each byte, in interrupt context or before this
 * returns. Context: not from an interrupt. */
bool hal_notice_start(void (*received)(uint8_t byte));
/* Never waits: while the line is busy, of several bytes only the last one is kept. Any context. */
void hal_notice_send(uint8_t byte);

/* printf for both; a line feed goes to COM1 as CR LF. What is printed is cut at 1,024 bytes a call.
 * hal_printf writes to the console and, so that a log is complete, to the log as well. */
void hal_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void hal_vprintf(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));
/* Control characters and bytes that are no UTF-8 are shown by their numbers, \\x1b, in both: what
 * is printed may hold what a driver, a disk or a file says. */
/* Replaces line ends, for a name from outside that shall stay in its line. */
void hal_one_line(char *text);
/* Ends the line that is being printed, if there is one: what follows is read by its first word, and
 * may come from an interrupt in the midst of other output. */
void hal_fresh_line(void);
void hal_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Values written to isa-debug-exit; QEMU then ends with (value << 1) | 1. run-qemu.sh knows them
 * too. */
enum hal_exit_code {
    HAL_EXIT_SUCCESS = 0x10,
    HAL_EXIT_COMMAND_FAILED = 0x11,
    HAL_EXIT_USAGE = 0x12,
    HAL_EXIT_RULE_BROKEN = 0x13,
    HAL_EXIT_ASSERTION = 0x14,
    HAL_EXIT_EXCEPTION = 0x15,
};

_Noreturn void hal_exit(enum hal_exit_code code);

/* An error of the kernel itself: message, last trace entries (the panic hook), symbolised back
 * trace, then hal_exit(HAL_EXIT_ASSERTION). Any context. */
_Noreturn void hal_panic(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void hal_set_panic_hook(void (*hook)(void));

#define PANIC(...) hal_panic(__FILE__, __LINE__, __VA_ARGS__)
#define ASSERT(condition)                                                      \
    do {                                                                       \
        if (__builtin_expect(!(condition), 0))                                 \
            hal_panic(__FILE__, __LINE__, "assertion failed: %s", #condition); \
    } while (0)
/* ASSERT of a comparison, which prints both values. */
#define ASSERT_OP(a, op, b)                                                                     \
    do {                                                                                        \
        unsigned long long assert_a_ = (unsigned long long)(a);                                 \
        unsigned long long assert_b_ = (unsigned long long)(b);                                 \
        if (__builtin_expect(!(assert_a_ op assert_b_), 0))                                     \
            hal_panic(__FILE__, __LINE__, "assertion failed: %s %s %s (%#llx, %#llx)", #a, #op, \
                      #b, assert_a_, assert_b_);                                                \
    } while (0)

/* ------------------------------------------------------------------ back traces and names */

/* A function that runs: its instruction, its stack pointer there, and the frame pointer. */
struct hal_frame {
    uintptr_t ip, sp, bp;
};
enum hal_unwound {
    HAL_UNWOUND,       /* the caller's frame is known */
    HAL_UNWOUND_CHAIN, /* it keeps its frame pointer */
    HAL_UNWOUND_GUESS, /* nobody knows; perhaps it does */
};
/* Asked for every frame on the way to a driver's callers; puts the caller's in its place.
 * `is_call`: its instruction is one behind a call. Called in any context. */
void hal_set_unwind_hook(enum hal_unwound (*hook)(struct hal_frame *frame, bool is_call));
/* False: nothing is mapped there. Any context. */
bool hal_read_word(uintptr_t address, uintptr_t *word);

/* Return addresses of the callers, innermost first. Returns how many were stored. */
size_t hal_backtrace(uintptr_t *return_addresses, size_t capacity);
/* Function name of a kernel address and the offset in it; NULL where it is no kernel code. */
const char *hal_symbol(uintptr_t address, uintptr_t *offset);
/* Asked for addresses outside the kernel: writes a name such as "pata.sys!IdeHwStartIo+0x1c".
 * Returns false if it does not know the address either. With a depth, the function is wanted in
 * which the one at the address was inlined, so many times; false: there is none. With
 * HAL_DEFINITION, where the routine is defined that begins there. */
#define HAL_DEFINITION UINT32_MAX
void hal_set_symbol_hook(bool (*hook)(uintptr_t address, unsigned depth, char *text, size_t size));
/* Name for any address, for people: symbol, hook, or hexadecimal digits. */
void hal_name_address(uintptr_t address, char *text, size_t size);
/* The hook's answer for a depth from 1 on. */
bool hal_name_inliner(uintptr_t address, unsigned depth, char *text, size_t size);
/* And for a routine's first byte. False: it is none, or the hook does not know. */
bool hal_name_routine(uintptr_t address, char *text, size_t size);
/* The function that this is used in has a stack frame from here on, so that a fault in it finds its
 * caller. (The compiler makes frames only where a function calls others.) */
static inline void hal_keep_frame(void);

/* ------------------------------------------------------------------ interrupts */

/* CPU's interrupt flag: hal_interrupts_disable returns whether they were enabled, for _restore. */
static inline bool hal_interrupts_disable(void);
static inline void hal_interrupts_disable_now(void); /* without asking what they were */
static inline void hal_interrupts_enable(void);
static inline void hal_interrupts_restore(bool enabled);
static inline bool hal_interrupts_enabled(void);
/* Keeps the compiler from moving memory accesses across: for what an interrupt handler looks at. */
static inline void hal_compiler_barrier(void);
/* Returns it, and the compiler does not see that it is the same: it is not computed once more at
 * each use. */
static inline const void *hal_opaque(const void *pointer);
/* Call with interrupts disabled: enables them and halts in one step, returns with them disabled. */
void hal_wait_for_interrupt(void);

struct hal_interrupt {
    unsigned line; /* 0 to 15: ISA IRQ number, or the number in a PCI function's Interrupt Line */
    bool level;    /* level-triggered (PCI INTx); false: edge (ISA) */
    /* Interrupt context. True: the interrupt was this handler's. All handlers of a line are called
     * until one claims it (level) or all have been called (edge). */
    bool (*handler)(void *context);
    void *context;
    struct hal_interrupt *next; /* HAL's */
};

/* Context: not from an interrupt. False: the line does not exist or its trigger mode differs from
 * that of a handler already connected. The first handler unmasks the line, the last one masks
 * it. */
bool hal_interrupt_connect(struct hal_interrupt *interrupt);
void hal_interrupt_disconnect(struct hal_interrupt *interrupt);
void hal_interrupt_mask(unsigned line, bool masked);
/* Interrupts on a line that no handler claimed, since boot. */
uint64_t hal_interrupt_unclaimed(unsigned line);
/* Called in interrupt context when no handler of a line has claimed an interrupt. */
void hal_interrupt_set_unclaimed_hook(void (*hook)(unsigned line));
/* Called at the end of each interrupt, after its end-of-interrupt, with interrupts disabled; it may
 * enable them, and must return with them disabled. The end of one that comes meanwhile calls it,
 * too. */
void hal_interrupt_set_exit_hook(void (*hook)(void));
/* Here and in handlers, drivers may use the registers of SSE and x87: a driver's routine that was
 * interrupted gets its own back. The kernel itself uses none. *now is the call that is under way,
 * the innermost one; where there is none, one whose state is 0. */
struct hal_call;
void hal_interrupt_set_calls(struct hal_call *const *now);

/* ------------------------------------------------------------------ watching
 *
 * Non-maskable interrupts find code that has interrupts off, too. There are two: a tick, never
 * earlier than HAL_WATCH_TICK_US after the one before, so that a machine that stood still meanwhile
 * has one tick more, and no more; and a question from outside (`nmi` of QEMU's monitor). */
#define HAL_WATCH_TICK_US 50000u

/* What was interrupted, in regard to the innermost call into a driver. */
enum hal_watched {
    HAL_WATCHED_CALL,    /* the driver, or what of the kernel it has called */
    HAL_WATCHED_BESIDE,  /* hal_stall_us, which it has called, or an interrupt on top of it */
    HAL_WATCHED_OUTSIDE, /* the kernel waits for the host, which reads what is printed or stored */
};

struct hal_watch {
    enum hal_watched what;
    bool is_tick; /* otherwise a question */
    uintptr_t instruction;
    uintptr_t caller; /* of a routine of the kernel's, in a driver, that no back trace has; or 0 */
};
/* The hook is called in the interrupt, whatever was interrupted: it may look, and change nothing
 * but what is its own. NULL: the interrupted goes on (not after a question). Otherwise the run
 * ends, with this, the registers, what the panic hook prints, a back trace: HAL_EXIT_EXCEPTION. */
void hal_watch_set_hook(const char *(*hook)(const struct hal_watch *watch));
/* Begins the ticks. False: nothing here can cause them. Context: interrupts enabled. */
bool hal_watch_start(void);

/* ------------------------------------------------------------------ time */

/* Microseconds since boot, monotonic; calibrated once. Any context. */
uint64_t hal_clock_us(void);
/* The CPU's cycle counter, and what hal_clock_us said when it stood there. */
static inline uint64_t hal_cycles(void);
uint64_t hal_cycles_us(uint64_t cycles);
uint64_t hal_cycles_at_zero(void);                /* and where it stood when that said 0 */
static inline void hal_cycles_note(uint64_t *at); /* writes it there */
/* A distance between two of its values, in nanoseconds. */
uint64_t hal_cycles_ns(uint64_t cycles);
/* Adds in one instruction, which no interrupt divides; returns what was there. */
static inline uintptr_t hal_fetch_add16(uint16_t *at, uint16_t amount);
/* Busy wait. Any context. Never shorter than asked. */
void hal_stall_us(uint32_t duration_us);
/* The one-shot timer: handler runs in interrupt context at or after the deadline; a later call
 * replaces the deadline; HAL_TIMER_NEVER disarms. A deadline in the past fires at once. */
#define HAL_TIMER_NEVER UINT64_MAX
void hal_timer_set_handler(void (*handler)(void));
void hal_timer_arm(uint64_t deadline_us);
/* From now on the timer's hardware interrupts at least so often while a deadline is waited for, and
 * now and then otherwise, for an emulator that needs it. */
void hal_timer_tick(uint32_t longest_us);
/* Microseconds since 1970-01-01 00:00 UTC: the real-time clock's second at boot plus
 * hal_clock_us. */
uint64_t hal_wall_clock_us(void);

/* ------------------------------------------------------------------ memory */

#define HAL_PAGE_SHIFT 12u
#define HAL_PAGE_SIZE  ((size_t)4096)
static inline size_t hal_pages_for(size_t byte_count)
{
    return (byte_count + HAL_PAGE_SIZE - 1) / HAL_PAGE_SIZE;
}

/* Nothing may be both writable and executable: asking for both is a PANIC. The exception are pages
 * that code and data of an image share, for which it has to be said that this is meant. */
#define HAL_MAP_READ           0u
#define HAL_MAP_WRITE          1u
#define HAL_MAP_EXECUTE        2u
#define HAL_MAP_UNCACHED       4u
#define HAL_MAP_CODE_WITH_DATA 8u

/* Physically contiguous, zeroed, writable pages below max_physical (exclusive; UINT64_MAX:
 * anywhere), NULL if there are none. A virtual address here equals the physical one. Not in
 * interrupt context. */
void *hal_pages_alloc(size_t page_count, uint64_t max_physical);
void hal_pages_free(void *pages, size_t page_count);
size_t hal_pages_available(void);

/* One past the highest physical address of memory. Any context. */
uint64_t hal_physical_limit(void);

/* Windows begin here. Below are RAM, where it lies, and the kernel. */
extern const uintptr_t hal_window_start;
/* Of what begins below: is it the kernel's? All of it is, as far as anything is mapped there, but
 * for what of the stack lies below stack_end, where a routine's own part begins. Any context. */
bool hal_is_kernel_memory(const void *start, uint64_t byte_count, uintptr_t stack_end);

/* A range of virtual addresses with nothing mapped in it, and an unmapped page before and after.
 * Never given back: for windows that live as long as the kernel. NULL when the space is used up. */
void *hal_window_reserve(size_t page_count);
/* Maps, unmaps or re-protects whole pages. hal_map: false when there is no memory for page tables.
 * Any context. */
bool hal_map(void *address, uint64_t physical, size_t page_count, unsigned protection);
void hal_unmap(void *address, size_t page_count);
void hal_protect(void *address, size_t page_count, unsigned protection);
/* Physical address behind a virtual one; 0 if it is not mapped (page 0 never is). */
uint64_t hal_physical(const volatile void *address);
/* RAM behind the kernel, below and above 4 GiB, as far as it lies in one piece: each address there
 * is its own physical one, for good, so that nobody needs to ask. */
extern struct hal_plain {
    uintptr_t start, byte_count;
} hal_plain[2];
/* Does all of it lie in such a piece? Any context. */
static inline bool hal_is_plain(const void *start, size_t byte_count)
{
    for (unsigned i = 0; i < 2; i++) {
        uintptr_t offset = (uintptr_t)start - hal_plain[i].start;
        if (offset < hal_plain[i].byte_count && byte_count <= hal_plain[i].byte_count - offset)
            return true;
    }
    return false;
}
/* Device memory, uncached; NULL if no window is left. The same range gives the same address. */
void *hal_map_device(uint64_t physical, size_t byte_count);

struct hal_fault {
    const char *name;      /* of the exception */
    uintptr_t address;     /* what was accessed */
    uintptr_t instruction; /* by whom */
    uintptr_t caller;      /* of an instruction that is not there: its return address; or 0 */
    bool write, execute, present;
    bool has_address; /* a page fault, or an instruction pointer that leads to no code */
    bool is_refused;  /* otherwise: an operand may be to blame, such as an address that is none */
};
/* Asked about page faults first; true: what was wrong is mended, run the instruction again. Told of
 * other exceptions that code can cause, which nobody mends. */
void hal_set_fault_handler(bool (*handler)(const struct hal_fault *fault));
/* For a fault handler that then returns true: the page that `address` lies in, where no RAM is,
 * shows `physical`, readable and writable, until the instruction that faulted is over (a repeated
 * one: with all its repetitions); then it shows what it did before. Interrupts stay disabled for
 * that long. An instruction may fault again on other pages. False: no memory for page tables. */
bool hal_fault_lend(uintptr_t address, uint64_t physical);

/* A page of a window that is shown and hidden so often that nobody wants to walk the page tables
 * for it. Nobody maps it in another way, or asks hal_physical about it. */
struct hal_gate {
    volatile uint32_t *entry; /* the half of its entry that says whether it is there */
    uint32_t shown;
    uintptr_t address;
};
/* Hidden at first. False: no memory for page tables. */
bool hal_gate_make(struct hal_gate *gate, void *address, uint64_t physical, unsigned protection);
static inline void hal_gate_show(const struct hal_gate *gate); /* any context */
static inline void hal_gate_hide(const struct hal_gate *gate);

/* The same for pages that follow each other and show one thing and another. All lie in what is
 * HAL_GATES_PAGES pages long and begins at a multiple of that. */
#define HAL_GATES_PAGES 512u
struct hal_gates {
    volatile uint32_t *entries; /* of the first page; two halves each */
    uint64_t shown;             /* what an entry says beside the physical address */
    uintptr_t address;
};
bool hal_gates_make(struct hal_gates *gates, void *address, size_t page_count, unsigned protection);
/* From page `first` on they show physical memory that is contiguous; the first page_count are
 * hidden again. Any context. */
static inline void hal_gates_show(const struct hal_gates *gates, size_t first, uint64_t physical,
                                  size_t page_count);
static inline void hal_gates_hide(const struct hal_gates *gates, size_t page_count);

/* ------------------------------------------------------------------ calls into drivers
 *
 * A driver's routine returns with the CPU as its caller had it. Looked at after each call: the
 * stack pointer, and one word, which holds HAL_STATE_LEVEL, the caller's own two low bits;
 * HAL_STATE_INTERRUPT, set while interrupts are enabled; HAL_STATE_CONTROL, what is always set; and
 * what else the platform names HAL_STATE_xxx. */
struct hal_call {
    uintptr_t stack;       /* the stack pointer, as it has to be behind the call */
    uintptr_t stack_found; /* as it was, where it was another one; 0: it was right */
    unsigned state;        /* HAL_STATE_xxx, as they have to be */
};
/* Calls a function of the drivers' calling convention with up to three arguments. *value is its
 * address, and then what it returned. `call` is what *now points to; *now still is it afterwards,
 * for the registers may not be what they were. `level` points to what HAL_STATE_LEVEL of the state
 * has to be. False: something was not as it has to be. The stack pointer is right again, all else
 * is not. The function that this is used in has a frame. The platform says in HAL_CALL_HOME_BYTES
 * how much of the stack above the return address is the routine's own. */
static inline bool hal_call(struct hal_call *call, struct hal_call *const *now,
                            const unsigned *level, unsigned argument_count, uintptr_t *value,
                            uintptr_t first, uintptr_t second, uintptr_t third);
/* Sets right what of call->state is the CPU's; returns what it was. */
unsigned hal_call_mend(const struct hal_call *call);
/* Tells of each bit that `differs` what `found` has there, in a few words. */
void hal_state_describe(unsigned differs, unsigned found,
                        void (*tell)(void *context, const char *format, ...), void *context);

/* Code of the kernel's runs with the direction flag clear: clears it, and says whether it was
 * set. */
static inline bool hal_direction_clear(void);

/* Registers that no driver has to change, and that take longer to look at. The platform says
 * which. (The words above and below are for a list behind "it returned with".) */
struct hal_settings;
void hal_settings_read(struct hal_settings *settings);
/* Tells what is not as it was, and sets it right; true: nothing is. */
bool hal_settings_restore(const struct hal_settings *before,
                          void (*tell)(void *context, const char *format, ...), void *context);

/* `int vector` in code that runs on this CPU, before its report and the end: the hook may say what
 * it means. `code` is what ECX or RCX held (0 where the vector is a device's, and nobody has kept
 * it). */
void hal_set_software_interrupt_hook(void (*hook)(unsigned vector, uintptr_t code,
                                                  uintptr_t instruction));

/* ------------------------------------------------------------------ I/O ports and device memory */

/* All static inline and any context, for T = 8, 16, 32:
 *   uintT_t hal_inT(uint16_t port);            void hal_outT(uint16_t port, uintT_t value);
 *   void hal_in_bufferT(uint16_t port, void *buffer, size_t count);
 *   void hal_out_bufferT(uint16_t port, const void *buffer, size_t count);
 *   uintT_t hal_readT(const volatile void *address);
 *   void hal_writeT(volatile void *address, uintT_t value); */

/* ------------------------------------------------------------------ PCI configuration space */

struct hal_pci_address {
    uint8_t bus, device, function;
};

/* Is there a PCI host bridge (configuration mechanism #1)? */
bool hal_pci_present(void);
/* Walks all functions of bus 0 and of the buses behind bridges, in order: start with {0,0,0} and
 * first = true. False at the end. */
bool hal_pci_next(struct hal_pci_address *cursor, bool first);
/* width is 1, 2 or 4 bytes, offset a multiple of it and below 256. Any context. */
uint32_t hal_pci_read(struct hal_pci_address address, unsigned offset, unsigned width);
void hal_pci_write(struct hal_pci_address address, unsigned offset, unsigned width, uint32_t value);

/* ------------------------------------------------------------------ what is inline
 *
 * Bodies of the functions above that are static inline, struct hal_settings, HAL_STATE_xxx,
 * HAL_CALL_HOME_BYTES, HAL_FIRST_IN_REGISTER (an attribute of functions of the drivers' calling
 * convention: the first argument goes in a register, where they would all lie on the stack, so that
 * a routine can hand its own on as they lie), HAL_WITH (the arguments that it hands on so, and one
 * more, which comes first here), and HAL_MACHINE, "x86_64" as ARCH= says it: from the
 * platform's folder, which the build adds to where <> looks. */
#include <hal_inline.h>

#endif
