/* SPDX-License-Identifier: MIT */
/*
 * What an IRB brings back beside its data: the registers that IRB_FLAGS_RETURN_RESULTS asks for, and members that are the
 * port's (IRB-14, IRB-15). The driver is the puppet, whose IRBs the test fills in itself.
 */
#include <string.h>

#include "port/contract/report.h"
#include "port/contract/rules.h"
#include "port/controller.h"
#include "port/objects.h"
#include "port/power.h"
#include "port/request/queue.h"
#include "tests/guest/guest.h"
#include "tests/guest/puppet.h"
#include "tests/guest/tap.h"

#define PLAN 28u

static struct channel *channel;
static uint8_t *buffer;
static struct request request;
static bool is_over;

static void finished(struct request *ended)
{
    (void)ended;
    is_over = true;
}

/* Submits a request without data. Returns its IRB, which the puppet holds. */
static PIDE_REQUEST_BLOCK hold(bool wants_registers, uint16_t flags)
{
    request = (struct request){.device = channel_device(channel, 0, 0),
                               .function = IRB_FUNCTION_ATA_COMMAND,
                               .flags = flags,
                               .wants_registers = wants_registers,
                               .is_once = true,
                               .timeout_s = 60,
                               .callback = finished};
    is_over = false;
    puppet_forget();
    puppet.held_count = 0;
    request_submit(&request);
    return puppet.held[0];
}

/* Completes it. How many more reports of the rule are there? */
static unsigned reports(PIDE_REQUEST_BLOCK irb, uint8_t status, enum rule rule)
{
    uint64_t before = contract_count(rule), total = contract_total();

    irb->IrbStatus = status;
    FROM(channel, CONTEXT_INTERRUPT, AtaPortCompleteRequest(channel->memory.extension, irb));
    irql_wait(&is_over);
    GUEST_CHECK(contract_total() - total, ==, contract_count(rule) - before, "no other rule");
    return (unsigned)(contract_count(rule) - before);
}

/* ------------------------------------------------------------------ registers */

static void test_registers(void)
{
    PIDE_REQUEST_BLOCK irb = hold(true, 0);

    guest_ok(irb->IrbFlags & IRB_FLAGS_RETURN_RESULTS &&
                 irb->SenseInfoBufferType == SENSE_INFO_BUFFER_RETURN_TYPE_28BIT_TASKFILE,
             "registers are asked for");
    GUEST_CHECK(reports(irb, IRB_STATUS_SUCCESS, RULE_IRB_15), ==, 1, "and do not come");
    guest_ok(!request.registers_valid, "so the issuer has none");

    irb = hold(true, 0);
    ((IDEREGISTERS *)irb->SenseInfoBuffer)->bCommandReg = 0x50;
    GUEST_CHECK(reports(irb, IRB_STATUS_SUCCESS | IRB_STATUS_RETURN_TASKFILE_VALID, RULE_IRB_15),
                ==, 0, "they come");
    guest_ok(request.registers_valid && request.sense[6] == 0x50, "to the issuer");

    irb = hold(true, IRB_FLAGS_48BIT);
    guest_ok(irb->SenseInfoBufferType == SENSE_INFO_BUFFER_RETURN_TYPE_48BIT_TASKFILE, "48-bit");
    GUEST_CHECK(reports(irb, IRB_STATUS_SUCCESS | IRB_STATUS_RETURN_TASKFILE_VALID, RULE_IRB_15),
                ==, 1, "the earlier ones are not taken for new ones");
    guest_ok(!request.registers_valid && request.irb_status == IRB_STATUS_SUCCESS,
             "the flag is dropped, the status stays");

    irb = hold(true, 0);
    memset(irb->SenseInfoBuffer, 0, 20);
    *(uint8_t *)irb->SenseInfoBuffer = 0x34;
    irb->SenseInfoBufferType = SENSE_INFO_BUFFER_RETURN_TYPE_D2H_FIS;
    GUEST_CHECK(reports(irb, IRB_STATUS_SUCCESS | IRB_STATUS_RETURN_TASKFILE_VALID, RULE_IRB_15),
                ==, 0, "as a FIS");

    irb = hold(true, 0);
    irb->AtaStatus = IDE_STATUS_BUSY | IDE_STATUS_ERROR;
    GUEST_CHECK(reports(irb, IRB_STATUS_DEVICE_ERROR, RULE_IRB_15), ==, 0,
                "from a device that is busy nobody can read them");
    irb = hold(true, 0);
    GUEST_CHECK(reports(irb, IRB_STATUS_BUS_RESET, RULE_IRB_15), ==, 0, "nor after a reset");
    irb = hold(false, 0);
    GUEST_CHECK(reports(irb, IRB_STATUS_SUCCESS, RULE_IRB_15), ==, 0, "none are asked for");
}

/* ------------------------------------------------------------------ members */

static void test_members(void)
{
    PIDE_REQUEST_BLOCK irb = hold(false, 0);

    irb->TargetId = 1;
    irb->SenseInfoBuffer = buffer;
    GUEST_CHECK(reports(irb, IRB_STATUS_SUCCESS, RULE_IRB_14), ==, 1,
                "members that are the port's");
    irb = hold(false, 0);
    guest_ok(irb->TargetId == 0 && irb->SenseInfoBuffer == (UCHAR *)irb - PORT_SENSE_BYTES,
             "the next request's are right");
    irb->Lun = 1;
    FROM(channel, CONTEXT_WORKER,
         AtaPortCompleteAllActiveRequests(channel->memory.extension, IDE_UNTAGGED, IDE_UNTAGGED,
                                          IRB_STATUS_BUS_RESET));
    irql_wait(&is_over);
    bool good = true;
    for (unsigned i = 0; i < 3; i++) { /* each slot in turn */
        irb = hold(false, 0);
        good &= !irb->Lun && !irb->Channel && irb->SenseInfoBufferLength == PORT_SENSE_BYTES;
        puppet_release_all(channel, IRB_STATUS_SUCCESS);
        irql_wait(&is_over);
    }
    guest_ok(good, "also of one that ended without its driver");
}

static void change_power(PIDE_REQUEST_BLOCK irb)
{
    irb->PowerChange.DesiredPowerState = IdePowerD0;
}

static void test_power(void)
{
    uint64_t before = contract_count(RULE_IRB_14);

    puppet.in_power = change_power;
    guest_ok(device_set_power(channel_device(channel, 0, 0), IdePowerD3), "to D3");
    GUEST_CHECK(contract_count(RULE_IRB_14) - before, ==, 1, "PowerChange is the port's");
    puppet.in_power = NULL;
    guest_ok(device_set_power(channel_device(channel, 0, 0), IdePowerD0), "and back");
    GUEST_CHECK(contract_count(RULE_IRB_14) - before, ==, 1, "without a report");
}

void guest_test_results(void)
{
    guest_plan(PLAN);
    buffer = hal_pages_alloc(1, UINT64_MAX);
    struct controller *controller = puppet_create();
    if (!guest_ok(buffer && controller_start(controller), "the puppet starts"))
        return;
    channel = controller->channels[0];
    puppet.answer = PUPPET_HOLD;
    test_registers();
    test_members();
    puppet.answer = PUPPET_COMPLETE;
    test_power();
}
