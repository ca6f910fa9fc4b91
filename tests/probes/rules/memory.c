/* SPDX-License-Identifier: MIT */
/* REG-05, REG-06, IRB-03, IRB-06, IRB-07, MEM: memory that is touched outside its bounds, or after its
 * time. */
#include "cases.h"

#ifdef _WIN64
#define CX "rcx"
#else
#define CX "ecx"
#endif

/* The compiler may not know where it comes from, nor leave an access out. */
static __attribute__((noinline)) volatile UCHAR *allocate(struct probe_channel *channel,
                                                          ULONG byte_count)
{
    return AtaPortRegistryAllocateBuffer(channel, byte_count);
}

static __attribute__((noinline)) void release(struct probe_channel *channel, volatile UCHAR *buffer)
{
    AtaPortRegistryFreeBuffer(channel, (PVOID)(ULONG_PTR)buffer);
}

/* ------------------------------------------------------------------ registry buffers */

CASE memory_write_behind(struct occasion *at)
{
    volatile UCHAR *buffer = allocate(at->channel, 96);

    buffer[96] = 1; /* BREAKS: REG-05 */
    release(at->channel, buffer);
    return FALSE;
}

/* The first instruction of a routine: the line is its own, not the definition's. */
static __attribute__((naked, noinline, fastcall)) void
memory_write_at_entry_first(volatile UCHAR *to __attribute__((unused)))
{
    /* BREAKS: REG-05 */
    __asm__("movb $1, (%" CX ")\n\tret");
}

CASE memory_write_at_entry(struct occasion *at)
{
    volatile UCHAR *buffer = allocate(at->channel, 96);

    memory_write_at_entry_first(buffer + 96);
    release(at->channel, buffer);
    return FALSE;
}

CASE memory_read_behind(struct occasion *at)
{
    volatile UCHAR *buffer = allocate(at->channel, 4096);

    probe_returned(*(volatile ULONG *)(PVOID)(ULONG_PTR)(buffer + 4100)); /* BREAKS: REG-05 */
    release(at->channel, buffer);
    return FALSE;
}

/* 13 bytes are rounded up to a pointer: what is behind them is looked at when the buffer is freed. */
CASE memory_write_slack(struct occasion *at)
{
    volatile UCHAR *buffer = allocate(at->channel, 13);

    buffer[14] = 1;
    AtaPortRegistryFreeBuffer(at->channel, (PVOID)(ULONG_PTR)buffer); /* BREAKS: REG-05 */
    return FALSE;
}

/* One instruction on i386 and x86_64: REP STOSB, from within to far behind. */
CASE memory_fill_behind(struct occasion *at)
{
    volatile UCHAR *buffer = allocate(at->channel, 64);
    volatile UCHAR *to = buffer + 32;
    ULONG_PTR count = 64;

    /* BREAKS: REG-05 */
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(0x77) : "memory");
    probe_returned(buffer[32] + buffer[63]);
    release(at->channel, buffer);
    return FALSE;
}

CASE memory_read_freed(struct occasion *at)
{
    volatile UCHAR *buffer = allocate(at->channel, 5000);

    buffer[1] = 1;
    release(at->channel, buffer);
    probe_returned(buffer[1]); /* BREAKS: REG-06 */
    return FALSE;
}

CASE memory_write_freed(struct occasion *at)
{
    static volatile UCHAR *buffer;

    buffer = allocate(at->channel, 16);
    release(at->channel, buffer);
    buffer[15] = 1; /* BREAKS: REG-06 */
    return FALSE;
}

/* An exported routine touches it: the call is the place. */
CASE memory_copy_freed(struct occasion *at)
{
    volatile UCHAR *buffer = allocate(at->channel, 16);
    ULONG_PTR word = 1;

    release(at->channel, buffer);
    AtaPortCopyMemory(&word, (PVOID)(ULONG_PTR)buffer, sizeof word); /* BREAKS: REG-06 */
    probe_returned(word);
    return FALSE;
}

/* A routine that calls no other faults itself: in its REP INSW. (The port is no register's.) */
CASE memory_port_freed(struct occasion *at)
{
    volatile UCHAR *buffer = allocate(at->channel, 64);
    PUSHORT words = (PUSHORT)(PVOID)(ULONG_PTR)buffer;

    release(at->channel, buffer);
    /* BREAKS: REG-06 */
    AtaPortReadPortBufferUshort((PUSHORT)(PVOID)(at->channel->bus_master + 1), words, 32);
    return FALSE;
}

/* ------------------------------------------------------------------ extensions */

static volatile UCHAR *table_of_stopped; /* of the channel 0.0, for a later case */

/* The uncached extension begins with a page, so what is behind its last page is nobody's. */
CASE memory_behind_uncached(struct occasion *at)
{
    volatile UCHAR *table = (volatile UCHAR *)at->channel->table;

    table_of_stopped = table;
    table[4096] = 1; /* BREAKS: MEM-02 */
    return FALSE;
}

/* A channel extension ends with a page, but for what rounds it up. */
CASE memory_behind_extension(struct occasion *at)
{
    volatile UCHAR *end = (volatile UCHAR *)(at->channel + 1) + 15;

    end[-(LONG_PTR)((ULONG_PTR)end % 16)] = 1; /* BREAKS: MEM-02 */
    return FALSE;
}

/* Behind the other channel's: who writes there breaks the rule, not whose it is. */
CASE memory_behind_other(struct occasion *at)
{
    volatile UCHAR *end = (volatile UCHAR *)(at->channel->controller->channels[0] + 1) + 15;

    end[-(LONG_PTR)((ULONG_PTR)end % 16)] = 1; /* BREAKS: MEM-02 */
    return FALSE;
}

CASE memory_behind_controller(struct occasion *at)
{
    volatile UCHAR *end = (volatile UCHAR *)(at->channel->controller + 1) + 15;

    probe_returned(end[-(LONG_PTR)((ULONG_PTR)end % 16)]); /* BREAKS: MEM-02 */
    return FALSE;
}

/* The controller was stopped and is started again; its second channel has no extension yet. */
CASE memory_stopped_controller(struct occasion *at)
{
    volatile struct probe_channel *second = probe_latest[1];

    UNREFERENCED_PARAMETER(at);
    probe_returned(second->number); /* BREAKS: MEM-01 */
    return FALSE;
}

/* The other channel is stopped, and its extension what it was. */
CASE memory_stopped_channel(struct occasion *at)
{
    volatile struct probe_channel *other = at->channel->controller->channels[0];

    other->held_head = NULL;
    probe_returned(other->number == 0 && other->controller == at->channel->controller);
    return FALSE;
}

CASE memory_stopped_uncached(struct occasion *at)
{
    UNREFERENCED_PARAMETER(at);
    *table_of_stopped = 1; /* BREAKS: MEM-01 */
    return FALSE;
}

/* ------------------------------------------------------------------ IRBs */

static volatile IDE_REQUEST_BLOCK *old_irb;

CASE memory_irb_write(struct occasion *at)
{
    volatile IDE_REQUEST_BLOCK *irb = at->irb;

    AtaPortCompleteRequest(at->channel, at->irb);
    irb->IrbStatus = IRB_STATUS_DEVICE_ERROR; /* BREAKS: IRB-03 */
    return TRUE;
}

CASE memory_irb_read(struct occasion *at)
{
    old_irb = at->irb;
    AtaPortCompleteRequest(at->channel, at->irb);
    probe_returned(old_irb->Function); /* BREAKS: IRB-03 */
    return TRUE;
}

CASE memory_irb_sense(struct occasion *at)
{
    volatile UCHAR *sense = at->irb->SenseInfoBuffer;

    AtaPortCompleteRequest(at->channel, at->irb);
    sense[0] = 0x70; /* BREAKS: IRB-03 */
    return TRUE;
}

/* `values` of its row give every IRB an extension. */
CASE memory_irb_extension(struct occasion *at)
{
    volatile UCHAR *extension = at->irb->IrbExtension;
    IDE_PHYSICAL_ADDRESS physical;
    ULONG length;

    physical = AtaPortGetPhysicalAddress(at->channel, NULL, at->irb->IrbExtension, &length);
    extension[99] = 1;
    probe_returned(physical.QuadPart != 0 && length == 100);
    AtaPortCompleteRequest(at->channel, at->irb);
    extension[99] = 2; /* BREAKS: IRB-03 */
    return TRUE;
}

CASE memory_irb_behind(struct occasion *at)
{
    volatile UCHAR *end = (volatile UCHAR *)(at->irb + 1);

    *end = 1; /* BREAKS: MEM-02 */
    return FALSE;
}

/* The one before, while the next is under way. */
static BOOLEAN NTAPI memory_irb_next_start_io(PVOID channel, PIDE_REQUEST_BLOCK irb)
{
    static volatile IDE_REQUEST_BLOCK *before;
    static ULONG calls;

    if (++calls == 10)
        probe_returned(before->IrbStatus); /* BREAKS: IRB-03 */
    before = irb;
    return ProbeStartIo(channel, irb);
}

CASE memory_irb_next(struct occasion *at)
{
    at->channel_interface->IdeHwStartIo = memory_irb_next_start_io;
    return FALSE;
}

/* The channel was stopped and started since. */
CASE memory_irb_old(struct occasion *at)
{
    UNREFERENCED_PARAMETER(at);
    probe_returned(old_irb->IrbStatus); /* BREAKS: IRB-03 */
    return FALSE;
}

CASE memory_irb_stopped(struct occasion *at)
{
    UNREFERENCED_PARAMETER(at);
    probe_returned(old_irb->IrbStatus); /* BREAKS: IRB-03 */
    return FALSE;
}

/* ------------------------------------------------------------------ data */

/* The data is there: a driver that maps buffers in a way of its own goes on. */
CASE memory_data_read(struct occasion *at)
{
    const volatile UCHAR *data = at->irb->DataBuffer;
    UCHAR byte = data[1]; /* BREAKS: IRB-06 */

    at->irb->IrbFlags |= IRB_FLAGS_MAP_BUFFERS;
    probe_returned(byte == data[1]);
    return FALSE;
}

CASE memory_data_write(struct occasion *at)
{
    volatile UCHAR *data = at->irb->DataBuffer;

    data[511] = 1; /* BREAKS: IRB-06 */
    return FALSE;
}

CASE memory_data_copy(struct occasion *at)
{
    ULONG_PTR word;

    AtaPortCopyMemory(&word, at->irb->DataBuffer, sizeof word); /* BREAKS: IRB-06 */
    return FALSE;
}

CASE memory_data_behind(struct occasion *at)
{
    volatile UCHAR *data = at->irb->DataBuffer;

    data[at->irb->DataTransferLength] = 1; /* BREAKS: MEM-02 */
    return FALSE;
}

CASE memory_data_completed(struct occasion *at)
{
    const volatile UCHAR *data = at->irb->DataBuffer;

    AtaPortCompleteRequest(at->channel, at->irb);
    probe_returned(data[0]); /* BREAKS: IRB-03 */
    return TRUE;
}

/* ------------------------------------------------------------------ scatter/gather lists */

/* The transfer is over: nothing goes astray. */
CASE memory_list_write(struct occasion *at)
{
    volatile IDE_SCATTER_GATHER_LIST *list = AtaPortGetScatterGatherList(at->channel, at->irb);
    ULONG length = list->Elements[0].Length, run;
    IDE_PHYSICAL_ADDRESS first =
        AtaPortGetPhysicalAddress(at->channel, at->irb, at->irb->DataBuffer, &run);

    probe_returned(first.QuadPart == list->Elements[0].Address.QuadPart && run >= length);
    list->Elements[0].Length = length / 2;
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-07 */
    return TRUE;
}

/* As who walks a list might do it. */
CASE memory_list_consumed(struct occasion *at)
{
    volatile IDE_SCATTER_GATHER_LIST *list = AtaPortGetScatterGatherList(at->channel, at->irb);

    list->Elements[0].Address.QuadPart += list->Elements[0].Length;
    list->Elements[0].Length = 0;
    probe_returned(list->NumberOfElements);
    AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-07 */
    return TRUE;
}

CASE memory_list_completed(struct occasion *at)
{
    const volatile IDE_SCATTER_GATHER_LIST *list =
        AtaPortGetScatterGatherList(at->channel, at->irb);

    AtaPortCompleteRequest(at->channel, at->irb);
    probe_returned(list->NumberOfElements); /* BREAKS: IRB-07 */
    return TRUE;
}

/* ------------------------------------------------------------------ the kernel's */

/* The interrupt table lies in the data of the kernel's image. */
static PUCHAR interrupt_table(void)
{
    struct {
        USHORT limit;
        ULONG_PTR base;
    } __attribute__((packed)) table;

    __asm__("sidt %0" : "=m"(table));
    return (PUCHAR)table.base;
}

/* A page table that lies in memory the kernel has allocated, where that is mapped as it lies. */
static PUCHAR page_table(void)
{
    ULONG_PTR root;

    __asm__("mov %%cr3, %0" : "=r"(root));
    return (PUCHAR)(*(const ULONG_PTR *)(root & ~(ULONG_PTR)0xFFF) & ~(ULONG_PTR)0xFFF);
}

/* Is the kernel's memory what it was before? */
static UCHAR before[16];

static void remember(const UCHAR *memory)
{
    for (ULONG i = 0; i < sizeof before; i++)
        before[i] = ((const volatile UCHAR *)memory)[i];
}

static BOOLEAN is_unchanged(const UCHAR *memory)
{
    BOOLEAN same = TRUE;

    for (ULONG i = 0; i < sizeof before; i++)
        same &= before[i] == ((const volatile UCHAR *)memory)[i];
    return same;
}

CASE memory_kernel_ports_to(struct occasion *at)
{
    PUCHAR table = interrupt_table();

    remember(table);
    AtaPortReadPortBufferUchar(at->channel->bus_master, table, 8); /* BREAKS: MEM-04 */
    probe_returned(is_unchanged(table));
    return FALSE;
}

/* The bus master's pointer to its descriptors stays as it is. */
CASE memory_kernel_ports_from(struct occasion *at)
{
    PULONG descriptors = (PULONG)(PVOID)(at->channel->bus_master + 4);
    ULONG old = AtaPortReadPortUlong(descriptors);

    /* BREAKS: MEM-04 */
    AtaPortWritePortBufferUlong(descriptors, (PULONG)(PVOID)interrupt_table(), 1);
    probe_returned(AtaPortReadPortUlong(descriptors) == old);
    return FALSE;
}

/* The uncached extension may be read and written like registers. */
CASE memory_kernel_registers(struct occasion *at)
{
    PUSHORT table = (PUSHORT)(PVOID)page_table(), ours = (PUSHORT)(PVOID)at->channel->table;

    remember((PUCHAR)table);
    AtaPortReadRegisterBufferUshort(ours, table, 2);  /* BREAKS: MEM-04 */
    AtaPortWriteRegisterBufferUshort(ours, table, 2); /* BREAKS: MEM-04 */
    probe_returned(is_unchanged((PUCHAR)table));
    return FALSE;
}

CASE memory_kernel_copy_to(struct occasion *at)
{
    UCHAR bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    PUCHAR table = page_table();

    UNREFERENCED_PARAMETER(at);
    remember(table);
    AtaPortCopyMemory(table, bytes, sizeof bytes); /* BREAKS: MEM-04 */
    probe_returned(is_unchanged(table));
    return FALSE;
}

/* It begins in front of what it reaches into. */
CASE memory_kernel_copy_from(struct occasion *at)
{
    UCHAR bytes[8] = {0};

    UNREFERENCED_PARAMETER(at);
    AtaPortCopyMemory(bytes, page_table() - 4, sizeof bytes); /* BREAKS: MEM-04 */
    AtaPortMoveMemory(bytes, page_table(), sizeof bytes);     /* BREAKS: MEM-04 */
    probe_returned(bytes[0] | bytes[4] | bytes[7]);
    return FALSE;
}

/* A variable that is too small for what is copied behind it: the frames of the port begin not far above. */
CASE memory_kernel_stack(struct occasion *at)
{
    UCHAR bytes[8] = {0};
    PUCHAR volatile above = bytes; /* as the compiler would warn otherwise */

    UNREFERENCED_PARAMETER(at);
    AtaPortCopyMemory(bytes, above + 128 * sizeof(PVOID), sizeof bytes); /* BREAKS: MEM-04 */
    probe_returned(bytes[0] | bytes[7]);
    return FALSE;
}

/* What the port has allocated for itself begins with the page that the configuration lies in. And the driver's own
 * memory is its own where it was shown to it, not where it lies. */
CASE memory_kernel_allocated(struct occasion *at)
{
    PUCHAR ours = (PUCHAR)((ULONG_PTR)at->start & ~(ULONG_PTR)0xFFF);
    PUCHAR table = (PUCHAR)(ULONG_PTR)at->channel->table_address;

    remember(ours);
    AtaPortCopyMemory(ours, at->start, 8);  /* BREAKS: MEM-04 */
    AtaPortMoveMemory(table, at->start, 8); /* BREAKS: MEM-04 */
    probe_returned(is_unchanged(ours));
    return FALSE;
}

CASE memory_kernel_registry(struct occasion *at)
{
    PUCHAR table = interrupt_table();
    volatile UCHAR *buffer = allocate(at->channel, 16);
    PUCHAR to = (PUCHAR)(ULONG_PTR)buffer;
    ULONG length = 16;
    BOOLEAN done;

    remember(table);
    /* BREAKS: MEM-04 */
    done = AtaPortRegistryRead(at->channel, 0, TRUE, (PCHAR) "Break", IDE_REG_SZ, to,
                               (PULONG)(PVOID)table);
    /* BREAKS: MEM-04 */
    done |= AtaPortRegistryWrite(at->channel, 0, TRUE, (PCHAR)table, IDE_REG_SZ, to, &length);
    probe_returned(!done && is_unchanged(table));
    release(at->channel, buffer);
    return FALSE;
}

CASE memory_kernel_bus_data(struct occasion *at)
{
    PVOID controller = at->channel->controller;
    PUCHAR table = interrupt_table();
    ULONG done;

    remember(table);
    done = AtaPortGetBusData(controller, table, 0, 4);     /* BREAKS: MEM-04 */
    done += AtaPortSetBusData(controller, table, 0x3C, 1); /* BREAKS: MEM-04 */
    probe_returned(done == 0 && is_unchanged(table));
    return FALSE;
}

CASE memory_kernel_results(struct occasion *at)
{
    PUCHAR table = interrupt_table();
    PULONG length = (PULONG)(PVOID)table;
    PVOID channel = at->channel, ours = at->channel->table;
    IDE_PHYSICAL_ADDRESS physical;

    remember(table);
    physical = AtaPortGetPhysicalAddress(channel, NULL, ours, length); /* BREAKS: MEM-04 */
    AtaPortQuerySystemTime((PLARGE_INTEGER)(PVOID)table);              /* BREAKS: MEM-04 */
    probe_returned(physical.QuadPart == 0 && is_unchanged(table));
    return FALSE;
}

CASE memory_kernel_print(struct occasion *at)
{
    UNREFERENCED_PARAMETER(at);
    AtaPortDebugPrint(0, (PCCHAR) "text: %s\n", interrupt_table()); /* BREAKS: MEM-04 */
    AtaPortDebugPrint(0, (PCCHAR)interrupt_table());                /* BREAKS: MEM-04 */
    return FALSE;
}

/* What a driver may hand over: its variables on the stack and in the image, what the port has given it. */
CASE memory_own(struct occasion *at)
{
    static ULONG in_image[2];
    volatile UCHAR *buffer = allocate(at->channel, 8);
    ULONG on_stack[2] = {7, 9}, length;
    IDE_CHANNEL_CONFIGURATION copy;

    AtaPortCopyMemory(in_image, on_stack, sizeof on_stack);
    AtaPortCopyMemory((PVOID)(ULONG_PTR)buffer, in_image, sizeof in_image);
    AtaPortCopyMemory(at->channel->table, (PVOID)(ULONG_PTR)buffer, 8);
    AtaPortCopyMemory(&copy, at->start, sizeof copy);
    (void)AtaPortGetPhysicalAddress(at->channel, NULL, at->channel->table, &length);
    probe_returned(((volatile ULONG *)(PVOID)at->channel->table)[1] +
                   (copy.Version == at->start->Version) + (length != 0));
    release(at->channel, buffer);
    return FALSE;
}

/* And what its routines are handed, read and written. */
static BOOLEAN is_ours(PVOID given, ULONG length)
{
    static UCHAR bytes[64];

    for (ULONG i = 0; i < length; i++)
        bytes[i] = 0xEE;
    AtaPortCopyMemory(bytes, given, length);
    AtaPortCopyMemory(given, bytes, length);
    for (ULONG i = 0; i < length; i++)
        if (bytes[i] != 0xEE)
            return TRUE;
    return FALSE;
}

CASE memory_own_modes(struct occasion *at)
{
    probe_returned(is_ours(at->modes, sizeof *at->modes));
    return FALSE;
}

CASE memory_own_parameters(struct occasion *at)
{
    probe_returned(is_ours(at->parameters, sizeof *at->parameters));
    return FALSE;
}

CASE memory_own_interface(struct occasion *at)
{
    probe_returned(is_ours(at->channel_interface, sizeof *at->channel_interface) +
                   is_ours(probe_entry.registry_path, sizeof *probe_entry.registry_path) +
                   is_ours(probe_entry.registry_path->Buffer, 2));
    return FALSE;
}

CASE memory_own_resources(struct occasion *at)
{
    PIDE_MINIPORT_RESOURCES resources = at->start->ChannelResources;

    probe_returned(is_ours(resources, sizeof *resources) +
                   is_ours(resources->IdeAccessRange, sizeof *resources->IdeAccessRange));
    return FALSE;
}

const struct probe_case memory_cases[] = {
    {"memory_write_behind", AT_START, 1, memory_write_behind},
    {"memory_write_at_entry", AT_START, 1, memory_write_at_entry},
    {"memory_read_behind", AT_STOP, 1, memory_read_behind},
    {"memory_write_slack", AT_START, 1, memory_write_slack},
    {"memory_fill_behind", AT_CHANNEL_INIT, 1, memory_fill_behind},
    {"memory_read_freed", AT_START, 1, memory_read_freed},
    {"memory_write_freed", AT_STOP, 1, memory_write_freed},
    {"memory_copy_freed", AT_CHANNEL_INIT, 1, memory_copy_freed},
    {"memory_port_freed", AT_STOP, 1, memory_port_freed},
    {"memory_behind_uncached", AT_START_IO, 3, memory_behind_uncached},
    {"memory_behind_extension", AT_INTERRUPT, 2, memory_behind_extension},
    {"memory_behind_other", AT_START_IO, 1, memory_behind_other},
    {"memory_behind_controller", AT_TIMER, 1, memory_behind_controller},
    {"memory_stopped_controller", AT_CHANNEL_INIT, 1, memory_stopped_controller},
    {"memory_stopped_channel", AT_START, 1, memory_stopped_channel},
    {"memory_stopped_uncached", AT_WORKER, 1, memory_stopped_uncached},
    {"memory_irb_write", AT_COMPLETE, 2, memory_irb_write},
    {"memory_irb_read", AT_COMPLETE, 3, memory_irb_read},
    {"memory_irb_sense", AT_COMPLETE, 1, memory_irb_sense},
    {"memory_irb_extension", AT_COMPLETE, 2, memory_irb_extension},
    {"memory_irb_behind", AT_START_IO, 2, memory_irb_behind},
    {"memory_irb_next", AT_CHANNEL_INIT, 1, memory_irb_next},
    {"memory_irb_old", AT_STOP, 1, memory_irb_old},
    {"memory_irb_stopped", AT_CONTROLLER_SYNC, 1, memory_irb_stopped},
    {"memory_data_read", AT_INTERRUPT, 1, memory_data_read},
    {"memory_data_write", AT_START_IO, 2, memory_data_write},
    {"memory_data_copy", AT_START_IO, 1, memory_data_copy},
    {"memory_data_behind", AT_INTERRUPT, 1, memory_data_behind},
    {"memory_data_completed", AT_COMPLETE, 2, memory_data_completed},
    {"memory_list_write", AT_COMPLETE, 2, memory_list_write},
    {"memory_list_consumed", AT_COMPLETE, 2, memory_list_consumed},
    {"memory_list_completed", AT_COMPLETE, 2, memory_list_completed},
    {"memory_kernel_ports_to", AT_STOP, 1, memory_kernel_ports_to},
    {"memory_kernel_ports_from", AT_STOP, 1, memory_kernel_ports_from},
    {"memory_kernel_registers", AT_STOP, 1, memory_kernel_registers},
    {"memory_kernel_copy_to", AT_START_IO, 2, memory_kernel_copy_to},
    {"memory_kernel_copy_from", AT_INTERRUPT, 2, memory_kernel_copy_from},
    {"memory_kernel_stack", AT_START_IO, 1, memory_kernel_stack},
    {"memory_kernel_registry", AT_STOP, 1, memory_kernel_registry},
    {"memory_kernel_bus_data", AT_STOP, 1, memory_kernel_bus_data},
    {"memory_kernel_results", AT_START_IO, 2, memory_kernel_results},
    {"memory_kernel_print", AT_STOP, 1, memory_kernel_print},
    {"memory_kernel_allocated", AT_START, 1, memory_kernel_allocated},
    {"memory_own", AT_START, 1, memory_own},
    {"memory_own_modes", AT_MODE_SELECT, 1, memory_own_modes},
    {"memory_own_parameters", AT_INITIALIZE, 1, memory_own_parameters},
    {"memory_own_interface", AT_CHANNEL_INIT, 1, memory_own_interface},
    {"memory_own_resources", AT_START, 1, memory_own_resources},
    {NULL, 0, 0, NULL},
};
