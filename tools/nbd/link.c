/* SPDX-License-Identifier: MIT */
/*
 * The host's side of the door; see link.h.
 *
 * Owns the mapped file, the socket of notices, and what is known of the slots. `lock` protects all
 * that is not in the file. A thread that asks has its slot to itself until it is answered; the
 * listener, which sleeps until the guest says something, wakes it. What the guest writes is read
 * once, and checked; the door is shut when it is wrong. A slot that was not answered is never used
 * again, since the door is shut then, too.
 */
#include "tools/nbd/link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct door_memory *memory;
static int notices = -1;
static void (*say)(const char *format, ...);
static void (*machine_ended)(void);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER; /* the state, or a slot is free */
static enum door_state state;
static struct door_head head; /* our copy */
static struct slot {
    pthread_cond_t answered;
    bool is_used, is_asked; /* is_asked: the guest has it */
} slots[DOOR_SLOTS];

/* ------------------------------------------------------------------ notices */

/* A socket that takes no more holds notices that the guest has not heard yet: one is enough. */
static void notify(void)
{
    const char byte = DOOR_LOOK;
    ssize_t sent = send(notices, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)sent; /* who is gone is found by the listener */
}

/* With the lock. */
static void shut(const char *sentence)
{
    if (sentence && state != DOOR_SHUT)
        say("the guest's side of the door is not right: %s; the door is closed", sentence);
    state = DOOR_SHUT;
    pthread_cond_broadcast(&changed);
    for (unsigned i = 0; i < DOOR_SLOTS; i++)
        pthread_cond_broadcast(&slots[i].answered);
}

static void look_at_state(void)
{
    uint32_t guest = __atomic_load_n(&memory->head.state, __ATOMIC_ACQUIRE);

    if (guest == DOOR_OPEN && state != DOOR_OPEN) {
        memcpy(&head, &memory->head, sizeof head);
        const char *wrong = link_check_head(&head);
        state = DOOR_OPEN;
        pthread_cond_broadcast(&changed);
        if (wrong)
            shut(wrong);
    } else if (guest == DOOR_SHUT) {
        shut(NULL);
    } else if (guest != DOOR_OPEN && guest != 0) {
        shut("it is in no state that there is");
    }
}

static void look_at_slots(void)
{
    for (unsigned i = 0; i < DOOR_SLOTS; i++) {
        if (!slots[i].is_asked)
            continue;
        uint32_t now = __atomic_load_n(&memory->requests[i].state, __ATOMIC_ACQUIRE);
        if (now == DOOR_ASKED)
            continue;
        if (now != DOOR_ANSWERED) {
            shut("a request is in no state that there is");
            return;
        }
        slots[i].is_asked = false;
        pthread_cond_signal(&slots[i].answered);
    }
}

static void *listen_to_guest(void *context)
{
    char bytes[256];
    ssize_t count;

    (void)context;
    for (;;) {
        struct pollfd wait = {notices, POLLIN, 0};
        if (poll(&wait, 1, -1) < 0 && errno != EINTR)
            break;
        count = recv(notices, bytes, sizeof bytes, MSG_DONTWAIT);
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (count <= 0)
            break; /* the machine has ended */
        pthread_mutex_lock(&lock);
        if (state != DOOR_SHUT)
            look_at_state();
        if (state == DOOR_OPEN)
            look_at_slots();
        pthread_mutex_unlock(&lock);
    }
    pthread_mutex_lock(&lock);
    shut(NULL);
    pthread_mutex_unlock(&lock);
    machine_ended();
    return NULL;
}

/* ------------------------------------------------------------------ its life */

bool link_map(const char *path, void (*sayer)(const char *format, ...))
{
    struct stat status;
    int file = open(path, O_RDWR | O_CLOEXEC);

    say = sayer;
    if (file < 0 || fstat(file, &status) != 0) {
        say("%s: %s", path, strerror(errno));
    } else if (status.st_size < (off_t)sizeof *memory) {
        say("%s: has %lld bytes; the memory that is shared with the guest has %u", path,
            (long long)status.st_size, DOOR_MEMORY_SIZE);
    } else {
        void *mapped = mmap(NULL, sizeof *memory, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (mapped != MAP_FAILED)
            memory = mapped;
        else
            say("%s: mmap: %s", path, strerror(errno));
    }
    if (file >= 0)
        close(file);
    return memory != NULL;
}

int link_start(int socket, void (*ended)(void))
{
    pthread_t listener;

    notices = socket;
    machine_ended = ended;
    for (unsigned i = 0; i < DOOR_SLOTS; i++)
        pthread_cond_init(&slots[i].answered, NULL);
    int error = pthread_create(&listener, NULL, listen_to_guest, NULL);
    if (error == 0) {
        pthread_detach(listener);
        __atomic_store_n(&memory->head.host_magic, DOOR_MAGIC, __ATOMIC_RELEASE);
        notify();
    }
    return error;
}

const struct door_head *link_wait(void)
{
    pthread_mutex_lock(&lock);
    while (state == 0)
        pthread_cond_wait(&changed, &lock);
    bool is_open = state == DOOR_OPEN;
    pthread_mutex_unlock(&lock);
    return is_open ? &head : NULL;
}

/* ------------------------------------------------------------------ requests */

/* Waits for a free slot: a guest that has enough to do is no error. NULL: the door is shut. */
static struct slot *take_slot(void)
{
    struct slot *slot = NULL;

    pthread_mutex_lock(&lock);
    while (!slot && state == DOOR_OPEN) {
        for (slot = slots; slot < slots + DOOR_SLOTS && slot->is_used; slot++)
            continue;
        if (slot == slots + DOOR_SLOTS) {
            slot = NULL;
            pthread_cond_wait(&changed, &lock);
        }
    }
    if (state != DOOR_OPEN)
        slot = NULL;
    if (slot)
        slot->is_used = true;
    pthread_mutex_unlock(&lock);
    return slot;
}

static void give_slot(struct slot *slot)
{
    pthread_mutex_lock(&lock);
    slot->is_used = false;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

/* Hands it to the guest and waits. False: the door was shut meanwhile. */
static bool wait_for_answer(struct slot *slot, struct door_request *request)
{
    pthread_mutex_lock(&lock);
    slot->is_asked = true;
    __atomic_store_n(&request->state, DOOR_ASKED, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&lock);
    notify();
    pthread_mutex_lock(&lock);
    while (slot->is_asked && state == DOOR_OPEN)
        pthread_cond_wait(&slot->answered, &lock);
    bool is_answered = !slot->is_asked;
    pthread_mutex_unlock(&lock);
    return is_answered;
}

int link_request(uint32_t operation, uint32_t export_index, uint32_t flags, uint64_t offset,
                 uint64_t byte_count, void *data)
{
    struct slot *slot = take_slot();

    if (!slot)
        return ESHUTDOWN;
    struct door_request *request = &memory->requests[slot - slots];
    uint8_t *shared = memory->data[slot - slots];
    if (operation == DOOR_WRITE)
        memcpy(shared, data, byte_count);
    request->operation = operation;
    request->export_index = export_index;
    request->flags = flags;
    request->offset = offset;
    request->byte_count = byte_count;
    if (!wait_for_answer(slot, request))
        return ESHUTDOWN;
    int error = link_errno(__atomic_load_n(&request->error, __ATOMIC_RELAXED));
    if (error < 0) {
        pthread_mutex_lock(&lock);
        shut("an answer is none that there is");
        pthread_mutex_unlock(&lock);
        return ESHUTDOWN;
    }
    if (operation == DOOR_READ && error == 0)
        memcpy(data, shared, byte_count);
    give_slot(slot);
    return error;
}
