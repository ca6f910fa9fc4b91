/* SPDX-License-Identifier: MIT */
/* The log: a ring of short texts with their times; see log.h. Entered from every context. */
#include "port/log.h"

#include <stdio.h>
#include <string.h>

#include "port/irb_names.h"
#include "port/objects.h"

#define LOG_ENTRY_COUNT 64u

static struct {
    uint64_t time_us;
    char text[160];
} entries[LOG_ENTRY_COUNT];
static uint32_t entry_count;

uint32_t log_debug_mask = UINT32_MAX;

static __attribute__((format(printf, 1, 2))) void remember(const char *format, ...)
{
    bool enabled = hal_interrupts_disable();
    va_list arguments;
    uint32_t index = entry_count++ % LOG_ENTRY_COUNT;
    entries[index].time_us = hal_clock_us();
    va_start(arguments, format);
    vsnprintf(entries[index].text, sizeof entries[index].text, format, arguments);
    va_end(arguments);
    hal_one_line(entries[index].text);
    hal_interrupts_restore(enabled);
}

void port_message(const struct channel *channel, const char *format, ...)
{
    char text[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    hal_one_line(text);
    const char *service = channel ? channel->controller->service : "port";
    remember("%s %s%s%s", service, channel ? channel->name : "", channel ? ": " : "", text);
    hal_fresh_line();
    hal_printf("%s%s%s: %s\n", service, channel ? " " : "", channel ? channel->name : "", text);
}

void device_message(const struct device *device, const char *format, ...)
{
    char text[160], unit[16] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (device->lun)
        snprintf(unit, sizeof unit, ", unit %u", device->lun);
    port_message(device->channel, "target %u%s%s", device->target, unit, text);
}

void port_note(const struct channel *channel, const char *format, ...)
{
    char text[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    remember("%s %s: %s", channel->controller->service, channel->name, text);
    hal_log("%s %s: %s\n", channel->controller->service, channel->name, text);
}

void device_note(const struct device *device, const char *format, ...)
{
    char text[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    port_note(device->channel, "target %u%s", device->target, text);
}

void log_debug_print(const char *driver, uint32_t level, const char *text)
{
    bool is_logged = log_debug_mask & (level < 32 ? 1u << level : level);

    do { /* each line says whose it is */
        const char *end = strchr(text, '\n');
        size_t length = end ? (size_t)(end - text) : strlen(text);
        const char *blank = length ? " " : "";
        if (level == 0) /* what a driver's author wants to be seen in any case */
            remember("%s:%s%.*s", driver, blank, (int)length, text);
        if (is_logged)
            hal_log("%s[%u]:%s%.*s\n", driver, (unsigned)level, blank, (int)length, text);
        text += length + (text[length] != 0);
    } while (*text);
}

void log_error_entry(const struct channel *channel, const IDE_ERROR_LOG_ENTRY *entry)
{
    char dump[3 * 16 + 1] = "";
    unsigned count = entry->DumpDataSize < 16 ? entry->DumpDataSize : 16;
    for (unsigned i = 0; i < count; i++)
        snprintf(dump + i * 3, sizeof dump - i * 3, " %02x", entry->DumpData[i]);
    remember("%s %s: error log: target %u unit %u, %s, id %#x%s%s", channel->controller->service,
             channel->name, entry->TargetId, entry->Lun, irb_status_name(entry->IrbStatus),
             entry->UniqueId, count ? ", data" : "", dump);
}

void port_log_print(void)
{
    uint32_t first = entry_count > LOG_ENTRY_COUNT ? entry_count - LOG_ENTRY_COUNT : 0;
    for (uint32_t i = first; i != entry_count; i++) {
        uint64_t time_us = entries[i % LOG_ENTRY_COUNT].time_us;
        hal_printf("%6llu.%03llu s  %s\n", (unsigned long long)(time_us / 1000000),
                   (unsigned long long)(time_us / 1000 % 1000), entries[i % LOG_ENTRY_COUNT].text);
    }
    if (entry_count == 0)
        hal_printf("The log is empty.\n");
}
