/* SPDX-License-Identifier: MIT */
/*
 * The sweep's runs, and what is judged of each: it ends in bounded time, and once; what it brought is right; no
 * sector holds anything but old or new data; and the channel works afterwards, or is offline and says so. See
 * sweep.h.
 */
#include "tests/guest/sweep.h"

#include <stdio.h>
#include <string.h>

#include "port/access/inject.h"
#include "port/channel.h"
#include "port/contract/report.h"
#include "port/trace.h"
#include "tests/guest/conformance.h"
#include "tests/guest/guest.h"

/* Ten seconds become a hundredth of one, and the ladder of resets follows. */
#define FAST_TIME "time-outs 1000"
/* What is bounded are seconds of the clock that runs fast, counted one by one: however long the host stops the
 * machine, that is one of them. The longest ladder takes some 100. */
#define LIMIT_S       1000u
#define PATIENCE_S    1000u /* or at least now, when nothing disturbs it any more */
#define SECOND_US     1000000u
#define SETTLE_US     1000u /* what comes twice comes soon */
#define TELL_FINDINGS 20u
#define MOST_HANGS    3u /* what hangs so often does not have the time for the rest */
/* Of the short form: as far as this a fault is put, in so many of the scenarios (which ones is another matter on another
 * machine, so that all get their turn), and then two at a time so often. */
#define SHORT_LIMIT 1u
#define SHORT_SHARE 2u
#define SHORT_TURN  (sizeof(void *) == 8 ? 0u : 1u)
#define SHORT_PAIRS 30u
#define PAIR        " + "

#define MOST_SCENARIOS 16u
#define MOST_FAULTS    128u

static struct tally {
    unsigned runs, pairs, unharmed, repaired, failed, offline, blind;
} tallies[MOST_SCENARIOS];
static unsigned hangs, doubles, wrong_data, wrong_sectors, dead, broken, unusable, findings;
static bool is_over;                /* nothing more can be tried */
static bool is_shown;               /* what happens in a run, access by access */
static ULONG modes[MOST_SCENARIOS]; /* that the scenarios' devices had at first */
static uint64_t seed = 1, random_state;

/* ------------------------------------------------------------------ waiting */

struct patience {
    struct port_timer timer;
    uint32_t left_s;
};

static void second_passes(void *context)
{
    struct patience *patience = context;

    if (--patience->left_s)
        timer_arm(&patience->timer, SECOND_US);
}

/* Until the request has ended, and its channel is at rest. */
static bool wait_for_end(const struct channel *channel, uint32_t limit_s)
{
    struct patience patience = {.timer.deferred = {second_passes, &patience}, .left_s = limit_s};
    bool has_ended;

    timer_arm(&patience.timer, SECOND_US);
    hal_interrupts_disable();
    while (!(has_ended = sweep_ends && !channel_has_work(channel)) && patience.left_s)
        irql_pause();
    hal_interrupts_enable();
    timer_cancel(&patience.timer);
    return has_ended;
}

/* ------------------------------------------------------------------ one run */

struct run {
    const struct sweep_scenario *scenario;
    const char *fault; /* with its place; or two of them, with a PAIR between them */
    bool is_blind;
    struct device *device;
};

/* A check that has failed, with the words that repeat it. */
static void found(const struct run *run, unsigned *counter, const char *what)
{
    char name[40], end[200];

    ++*counter;
    if (++findings > TELL_FINDINGS)
        return;
    sweep_name(run->scenario, name, sizeof name);
    sweep_describe(run->scenario, end, sizeof end);
    conf_failed("CASE='%s: %s': %s", name, run->fault, what);
    conf_note("it ended: %s", end);
}

/* Can the device be used, without faults? */
static enum block_status use(const struct run *run)
{
    static uint8_t sector[2048];
    struct device *device = run->device;

    if (!device->usable)
        return BLOCK_DEVICE_GONE;
    if (!run->scenario->is_packet)
        return block_transfer(device, BLOCK_READ, 0, 1, sector);
    /* A reset may stand for another medium, which the drive says once to whoever comes first. */
    enum block_status status = atapi_read_capacity(device);
    if (status != BLOCK_OK)
        status = atapi_read_capacity(device);
    return status == BLOCK_OK ? block_transfer(device, BLOCK_READ, 0, 1, sector) : status;
}

/* Does it move data as it did at first? A driver that was refused a mode again and again may have come down to
 * PIO. */
static bool is_as_before(const struct run *run)
{
    return run->device->given.parameters.TransferModeSelected ==
           modes[run->scenario - sweep_scenarios];
}

/* The channel works, or it says that it does not; then it is started again. */
static void judge_channel(const struct run *run, unsigned tally)
{
    struct channel *channel = run->device->channel;
    enum block_status status = use(run);

    if (status == BLOCK_OK && is_as_before(run))
        return;
    if (status != BLOCK_OK && status != BLOCK_DEVICE_GONE && !run->scenario->is_gone())
        found(run, &dead,
              status == BLOCK_TIMED_OUT     ? "afterwards a read times out"
              : status == BLOCK_NO_CAPACITY ? "afterwards the drive names no capacity"
              : status == BLOCK_NO_MEDIUM   ? "afterwards the drive says it has no medium"
                                            : "afterwards a read fails, and the device is there");
    tallies[tally].offline += status != BLOCK_OK;
    channel_stop(channel);
    if (channel_start(channel) && use(run) == BLOCK_OK)
        return;
    found(run, &dead, "the device is not read after a new start of the channel");
    is_over = true;
}

static void judge(const struct run *run, unsigned tally, bool is_repaired)
{
    char text[100];
    bool is_good = run->scenario->is_good();

    if (sweep_ends != 1)
        found(run, &doubles, "the request ended more than once");
    if (run->is_blind)
        tallies[tally].blind++;
    else if (!is_good)
        tallies[tally].failed++;
    else if (is_repaired)
        tallies[tally].repaired++;
    else
        tallies[tally].unharmed++;
    judge_channel(run, tally);
    if (is_over)
        return;
    if (is_good && !run->is_blind && !run->scenario->is_right())
        found(run, &wrong_data, "it ended well, and its data is wrong");
    if (!sweep_check_disk(run->is_blind, text, sizeof text))
        found(run, &wrong_sectors, text);
}

/* Time stays fast. */
static void forget_faults(void)
{
    char error[160];

    inject_forget_all();
    ASSERT_OP(inject_add(FAST_TIME, error, sizeof error), !=, 0);
}

/* Arms a fault, or two. Returns the number of the first; 0: `error` says why not. */
static unsigned arm(const char *faults, const struct channel *channel, char *error, size_t size)
{
    const char *second = strstr(faults, PAIR);
    int length = second ? (int)(second - faults) : (int)strlen(faults);
    char words[INJECT_TEXT_SIZE];

    snprintf(words, sizeof words, "%.*s channel=%s", length, faults, channel->name);
    unsigned number = inject_add(words, error, size);
    return number && second && !arm(second + strlen(PAIR), channel, error, size) ? 0 : number;
}

/* May what is moved be anything, since no driver can see the fault, or one of the two? */
static bool is_blind(const struct sweep_scenario *scenario, const char *fault)
{
    const char *second = strstr(fault, PAIR);

    for (unsigned f = 0; f < sweep_fault_count; f++) {
        const struct sweep_fault *known = &sweep_faults[f];
        if (strncmp(fault, known->words, strlen(known->words)) == 0 &&
            (known->is_blind || (known->is_early && scenario->is_plugged)))
            return true;
    }
    return second && is_blind(scenario, second + strlen(PAIR));
}

/* One scenario with one fault at one place, or two at two. Returns whether there was such a place
 * for the first. */
static bool run_once(const struct sweep_scenario *scenario, const char *fault)
{
    struct run run = {scenario, fault, is_blind(scenario, fault), sweep_device(scenario)};
    struct channel *channel = run.device->channel;
    char error[160];

    forget_faults();
    if (!scenario->prepare()) {
        found(&run, &dead, "its preparation failed");
        return false;
    }
    unsigned number = arm(fault, channel, error, sizeof error);
    if (!number) {
        found(&run, &unusable, error);
        return false;
    }
    uint64_t repairs = channel->counters.resets + channel->counters.timeouts;
    uint64_t reports = contract_total();
    uint16_t first = trace_next;
    scenario->begin();
    bool has_ended = wait_for_end(channel, LIMIT_S);
    hal_stall_us(SETTLE_US);
    const struct inject_rule *rule = inject_rule(number);
    bool was_there = rule && rule->injected;
    forget_faults();
    if (!has_ended) {
        found(&run, &hangs, "it does not end");
        is_over = !wait_for_end(channel, PATIENCE_S) || hangs == MOST_HANGS;
    }
    if (is_shown)
        guest_show_trace_since(first);
    if (is_over)
        return false;
    unsigned tally = (unsigned)(scenario - sweep_scenarios);
    tallies[tally].runs++;
    tallies[tally].pairs += strstr(fault, PAIR) != NULL;
    judge(&run, tally, channel->counters.resets + channel->counters.timeouts != repairs);
    if (contract_total() != reports)
        found(&run, &broken, "a rule was broken");
    return was_there;
}

/* ------------------------------------------------------------------ all of them */

/* Does it end well when nothing disturbs it? */
static bool is_possible(const struct sweep_scenario *scenario, bool without_reset)
{
    struct device *device = sweep_device(scenario);
    char name[40];

    if (!device)
        return false; /* the suite's packet test says so */
    if (scenario->is_many && device_request_limit(device) < 2)
        return false;
    snprintf(name, sizeof name, "%s with faults", scenario->name);
    if (scenario->is_reset && without_reset) {
        conf_skip(name, "QEMU itself crashes when this driver resets with a command in flight");
        return false;
    }
    modes[scenario - sweep_scenarios] = device->given.parameters.TransferModeSelected;
    if (scenario->prepare()) {
        scenario->begin();
        if (wait_for_end(device->channel, LIMIT_S) && scenario->is_good())
            return true;
    }
    conf_skip(name, "it fails without any, too");
    return false;
}

/* Marsaglia's xorshift. */
static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32) % limit;
}

static bool run_nth(unsigned s, unsigned f, unsigned nth)
{
    char fault[INJECT_TEXT_SIZE];

    snprintf(fault, sizeof fault, "%s nth=%u", sweep_faults[f].words, nth);
    return run_once(&sweep_scenarios[s], fault);
}

/* Each fault at each place of each scenario, up to the nth one; of a long one at some, later ones farther apart. */
static void go_through(const bool *is_left_out, unsigned limit, uint16_t *places)
{
    for (unsigned s = 0; s < sweep_scenario_count; s++)
        for (unsigned f = 0; f < sweep_fault_count && !is_left_out[s] && !is_over; f++) {
            bool is_long = sweep_scenarios[s].is_long;
            unsigned nth = 1;
            if (limit == SHORT_LIMIT && (s + f) % SHORT_SHARE != SHORT_TURN)
                continue;
            while (nth <= limit && !is_over && run_nth(s, f, nth))
                nth += is_long ? (nth + 1) / 2 : 1;
            places[s * sweep_fault_count + f] = (uint16_t)nth;
        }
}

/* How far on a fault is put at random: where it was found to have places, or somewhat farther. */
static unsigned random_place(unsigned s, unsigned f, const uint16_t *places)
{
    unsigned most = places[s * sweep_fault_count + f];
    return 1 + random_below(2 * (most ? most : SHORT_LIMIT + 1));
}

/* Two at a time. */
static void run_pair(unsigned s, const uint16_t *places)
{
    unsigned f = random_below(sweep_fault_count), g = random_below(sweep_fault_count);
    char faults[2 * INJECT_TEXT_SIZE];

    snprintf(faults, sizeof faults, "%s nth=%u" PAIR "%s nth=%u", sweep_faults[f].words,
             random_place(s, f, places), sweep_faults[g].words, random_place(s, g, places));
    run_once(&sweep_scenarios[s], faults);
}

/* Anything anywhere, with requests of all lengths, until there were enough; every other run has two. */
static void go_on(const bool *is_left_out, uint64_t runs, const uint16_t *places)
{
    for (uint64_t i = 0; i < runs && !is_over; i++) {
        unsigned s = random_below(sweep_scenario_count), f = random_below(sweep_fault_count);
        if (is_left_out[s])
            continue;
        uint32_t count = 1 + random_below(SWEEP_MOST);
        sweep_place(random_below(SWEEP_SECTORS - count), count);
        if (i % 2)
            run_pair(s, places);
        else
            run_nth(s, f, random_place(s, f, places));
    }
}

/* Some pairs, where the requests were before. */
static void go_in_pairs(const bool *is_left_out, unsigned runs, const uint16_t *places)
{
    for (unsigned i = 0; i < runs && !is_over; i++) {
        unsigned s = random_below(sweep_scenario_count);
        if (!is_left_out[s])
            run_pair(s, places);
    }
}

static void print_tally(const char *what, const struct tally *tally)
{
    hal_printf(
        "sweep: %-8s %5u runs: %u unharmed, %u repaired, %u failed, %u of what nobody can see; "
        "%u ended offline\n",
        what, tally->runs, tally->unharmed, tally->repaired, tally->failed, tally->blind,
        tally->offline);
}

static void print_tallies(const bool *is_left_out)
{
    struct tally all = {0};

    for (unsigned s = 0; s < sweep_scenario_count; s++) {
        const struct tally *tally = &tallies[s];
        if (is_left_out[s])
            continue;
        print_tally(sweep_scenarios[s].name, tally);
        all.runs += tally->runs;
        all.pairs += tally->pairs;
        all.unharmed += tally->unharmed;
        all.repaired += tally->repaired;
        all.failed += tally->failed;
        all.blind += tally->blind;
        all.offline += tally->offline;
    }
    print_tally("all", &all);
    hal_printf("sweep: %u scenarios, %u faults, %u runs, %u of them with two, seed %llu: %u hangs, "
               "%u double completions, %u wrong data, %u wrong sectors, %u channels lost\n",
               sweep_scenario_count, sweep_fault_count, all.runs, all.pairs,
               (unsigned long long)seed, hangs, doubles, wrong_data, wrong_sectors, dead);
}

/* The next number of "SEED:RUNS" or "LBA+COUNT"; 0 where there is none. */
static uint64_t number_at(const char **words)
{
    uint64_t number = 0;

    for (; **words >= '0' && **words <= '9'; ++*words)
        number = number * 10 + (uint64_t)(**words - '0');
    *words += **words == ':' || **words == '+';
    return number;
}

static void go_all_ways(const char *words, const bool *is_left_out)
{
    static uint16_t places[MOST_SCENARIOS * MOST_FAULTS];
    const bool is_long = *words;
    if (is_long)
        seed = number_at(&words);
    uint64_t runs = number_at(&words), done = 0;

    random_state = seed * 0x9E3779B97F4A7C15u | 1;
    go_through(is_left_out, is_long ? UINT16_MAX : SHORT_LIMIT, places);
    for (unsigned s = 0; s < sweep_scenario_count; s++)
        done += tallies[s].runs;
    if (is_long)
        go_on(is_left_out, runs > done ? runs - done : 0, places);
    else
        go_in_pairs(is_left_out, SHORT_PAIRS, places);
}

/* ------------------------------------------------------------------ one of them */

/* "LBA+COUNT", or nothing. False: it is neither, or no place. */
static bool take_place(const char *words)
{
    if (!*words)
        return true;
    uint64_t lba = number_at(&words), count = number_at(&words);
    if (*words || !count || count > SWEEP_MOST || lba > SWEEP_SECTORS - count)
        return false;
    sweep_place(lba, (uint32_t)count);
    return true;
}

/* As found() names it: "SCENARIO[ LBA+COUNT]: FAULT". The fault may be any. */
static bool run_case(char *words, const bool *is_left_out)
{
    char *fault = strchr(words, ':'), *place;

    if (!fault)
        return false;
    for (*fault++ = 0; *fault == ' '; fault++)
        ;
    place = strchr(words, ' ');
    if (place)
        *place++ = 0;
    for (unsigned s = 0; s < sweep_scenario_count; s++) {
        if (strcmp(words, sweep_scenarios[s].name) != 0 || is_left_out[s])
            continue;
        if (!take_place(place ? place : ""))
            return false;
        is_shown = true;
        if (!run_once(&sweep_scenarios[s], fault))
            conf_note("the fault found no place");
        return true;
    }
    return false;
}

/* ------------------------------------------------------------------ words */

static void conclude(unsigned count, const char *what)
{
    if (!count) /* else each was told */
        conf_ok(true, "%s", what);
}

void conf_sweep(const char *words, bool without_reset)
{
    char text[2 * INJECT_TEXT_SIZE];
    bool is_left_out[MOST_SCENARIOS] = {false};

    ASSERT_OP(sweep_scenario_count, <=, MOST_SCENARIOS);
    ASSERT_OP(sweep_fault_count, <=, MOST_FAULTS);
    if (!sweep_prepare())
        return;
    for (unsigned s = 0; s < sweep_scenario_count; s++)
        is_left_out[s] = !is_possible(&sweep_scenarios[s], without_reset);
    if (!*words || (*words >= '0' && *words <= '9')) {
        go_all_ways(words, is_left_out);
    } else {
        snprintf(text, sizeof text, "%s", words);
        for (char *at = text; *at; at++)
            *at = *at == '_' ? ' ' : *at;
        conf_ok(run_case(text, is_left_out), "the case is one that can be run");
    }
    inject_forget_all();
    print_tallies(is_left_out);
    if (hangs == MOST_HANGS)
        conf_skip("the rest of the sweep", "%u runs did not come to their end", MOST_HANGS);
    if (findings > TELL_FINDINGS)
        conf_failed("and %u more findings", findings - TELL_FINDINGS);
    conclude(hangs, "every request ended in bounded time, whatever went wrong");
    conclude(doubles, "and once");
    conclude(wrong_data, "what ended well has brought the right data");
    conclude(wrong_sectors, "no sector holds anything but old or new data");
    conclude(dead, "the channel worked afterwards, or was offline and said so");
}
