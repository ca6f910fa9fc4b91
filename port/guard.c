/* SPDX-License-Identifier: MIT */
/* Memory for miniports, with guard pages; see guard.h. Entered at PASSIVE_LEVEL. */
#include "port/guard.h"

#include "port/contract/rules.h"

#define ALIGNMENT 16u /* of a piece that ends with a page: what any allocator gives */

struct guarded *guard_first;

/* A window that is too small is left alone, for good: pieces hardly ever grow. */
static bool prepare_window(struct guarded *guarded, size_t page_count)
{
    if (guarded->window_pages >= page_count)
        return true;
    /* The page behind it is nobody else's page before. */
    uint8_t *window = hal_window_reserve(page_count + 1);
    if (!window)
        return false;
    if (!guarded->window) {
        guarded->next = guard_first;
        guard_first = guarded;
    }
    guarded->window = window;
    guarded->window_pages = page_count;
    return true;
}

static uint8_t *first_page(const struct guarded *guarded)
{
    return guarded->window + (guarded->window_pages - guarded->page_count) * HAL_PAGE_SIZE;
}

/* Where the pages are to be used; NULL: no room in the page tables, or no window. */
static uint8_t *show(struct guarded *guarded)
{
    if (!contract_checks)
        return guarded->pages;
    if (!prepare_window(guarded, guarded->page_count))
        return NULL;
    uint8_t *place = first_page(guarded);
    if (hal_map(place, hal_physical(guarded->pages), guarded->page_count, HAL_MAP_WRITE))
        return place;
    hal_unmap(place, guarded->page_count);
    return NULL;
}

void *guard_give(struct guarded *guarded, const char *what, struct channel *channel,
                 size_t byte_count, enum guard_layout layout, uint64_t max_physical)
{
    size_t used = byte_count ? byte_count : 1; /* an address of its own in any case */

    guarded->what = what;
    guarded->channel = channel;
    guarded->page_count = hal_pages_for(used);
    guarded->pages = hal_pages_alloc(guarded->page_count, max_physical);
    uint8_t *place = guarded->pages ? show(guarded) : NULL;
    if (!place) {
        if (guarded->pages)
            hal_pages_free(guarded->pages, guarded->page_count);
        guarded->pages = NULL;
        return NULL;
    }
    if (layout == GUARD_TO_PAGE)
        place +=
            guarded->page_count * HAL_PAGE_SIZE - ((used + ALIGNMENT - 1) & ~(ALIGNMENT - 1ul));
    guarded->start = place;
    guarded->byte_count = byte_count;
    return place;
}

void guard_take_back(struct guarded *guarded)
{
    if (!guarded->pages)
        return;
    if (guarded->window)
        hal_unmap(guarded->window, guarded->window_pages);
    hal_pages_free(guarded->pages, guarded->page_count);
    guarded->pages = NULL;
}

void guard_lock(const struct guarded *guarded, bool locked)
{
    if (guarded->window && guarded->pages)
        hal_protect(first_page(guarded), guarded->page_count,
                    locked ? HAL_MAP_READ : HAL_MAP_WRITE);
}
