/* SPDX-License-Identifier: MIT */
/*
 * PE loader: the security cookie, which functions put between their local variables and their
 * return address.
 *
 * Owns: nothing. May not: trust the file, allocate, or touch the HAL. Contexts: any; see pe.h.
 *
 * The entry point that the kits of Windows 8 and later link into drivers ends the system when the
 * cookie still has the linker's default; those of earlier kits make one of the clock.
 *
 * Source: "PE Format", "The Load Configuration Structure".
 */
#include "port/loader/pe_internal.h"

/* Where the security cookie is. A load configuration that is none is left alone, as Windows leaves
 * it. */
void pe_find_cookie(struct pe_image_info *info, uint32_t load_config_rva)
{
    bool wide = info->machine == PE_MACHINE_AMD64;
    uint32_t byte_count = wide ? 8 : 4;
    uint32_t member = wide ? LOAD_CONFIG_COOKIE_PE32_PLUS : LOAD_CONFIG_COOKIE_PE32;
    const struct pe_section *section;
    uint8_t bytes[8] = {0};
    uint64_t rva;

    if (load_config_rva == 0)
        return;
    if (!pe_read(info, load_config_rva, bytes, 4)) {
        info->cookie_fault = "the load configuration lies in no section";
        return;
    }
    if (pe_get32(bytes + LOAD_CONFIG_SIZE) < member + byte_count)
        return; /* from before there were cookies */
    if (load_config_rva > UINT32_MAX - member ||
        !pe_read(info, load_config_rva + member, bytes, byte_count)) {
        info->cookie_fault = "the load configuration runs out of its section";
        return;
    }
    rva = pe_get64(bytes);
    if (rva == 0)
        return;
    rva -= info->preferred_base;
    section = rva > UINT32_MAX ? NULL : pe_section_of(info, (uint32_t)rva, byte_count);
    if (!section || !section->mapped)
        info->cookie_fault = "its security cookie lies in no section that is loaded";
    else if (rva % byte_count != 0)
        info->cookie_fault = "its security cookie is misaligned";
    else
        info->cookie_rva = (uint32_t)rva;
}

static uint64_t make_cookie(bool wide, uint64_t random)
{
    uint64_t fallback = wide ? COOKIE_DEFAULT_PE32_PLUS : COOKIE_DEFAULT_PE32;
    uint64_t cookie = random & (wide ? COOKIE_MASK_PE32_PLUS : UINT32_MAX);

    /* Neither the default, nor a value that an overwritten one has easily. */
    return cookie == fallback || cookie <= UINT16_MAX ? fallback + 1 : cookie;
}

void pe_set_cookie(const struct pe_image_info *info, void *memory, uint64_t random)
{
    uint8_t *cookie = (uint8_t *)memory + info->cookie_rva;
    bool wide = info->machine == PE_MACHINE_AMD64;

    if (info->cookie_rva == 0)
        return;
    if (wide && pe_get64(cookie) == COOKIE_DEFAULT_PE32_PLUS)
        pe_put64(cookie, make_cookie(wide, random));
    else if (!wide && pe_get32(cookie) == COOKIE_DEFAULT_PE32)
        pe_put32(cookie, (uint32_t)make_cookie(wide, random));
}
