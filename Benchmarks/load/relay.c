// Messages over open connections: as fast as they come back (a closed loop), or on a schedule (an open loop).

#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "client.h"
#include "load.h"
#include "samples.h"

// How many connections are on their way to be opened at once.
enum { OPENING_AT_ONCE = 64 };

// Nothing has moved for so long: something is broken.
static const int64_t stall = 10000000000;

static struct client *clients;
static int opening, settled, open_count;
static long on_the_way;     // messages
static bool sends;          // an echo is answered with the next message
static bool measures;
static long budget;         // messages that may still be sent; -1: by time only
static int64_t moved;       // when anything last did
static int timer;           // of the schedule

// --- What happens on connections ---

// Every message is written by itself, as WebSocket clients do, and so is a TLS record of its own.
static void send_one(struct client *client, int64_t due) {
    client_send_message(client, due);
    on_the_way++;
    if (budget > 0) budget--;
    client_flush(client);
}

static void opened(struct client *client) {
    (void)client;
    opening--, settled++, open_count++;
    moved = now_nanoseconds();
}

static void received(struct client *client) {
    int64_t now = now_nanoseconds();
    moved = now;
    if (client->received == client->sent) return count_error("an echo of nothing");
    if (measures) {
        samples_add(now - client->due[client->received % DUE_CAPACITY]);
        results.messages++;
    }
    client->received++;
    on_the_way--;
    if (sends && budget != 0) send_one(client, now);
}

static void closed(struct client *client) {
    (void)client;
    open_count--;
}

static void lost(struct client *client) {
    if (client->was_open) open_count--;
    else opening--, settled++;
    on_the_way -= (long)(client->sent - client->received);
}

static const struct client_events relay_events = {opened, received, closed, lost};

// --- Its phases ---

static void open_all(void) {
    int next = 0;
    while (settled < options.connections) {
        for (; next < options.connections && opening < OPENING_AT_ONCE; next++, opening++)
            client_connect(clients + next);
        clients_serve(100, timer);
        if (now_nanoseconds() - moved > stall) fail("connections do not open");
    }
    if (open_count == 0) fail("no connection could be opened");
}

// Until nothing is on the way.
static void drain(void) {
    sends = false;
    while (on_the_way > 0) {
        clients_serve(100, timer);
        if (now_nanoseconds() - moved > stall) fail("messages do not come back");
    }
}

static void close_all(void) {
    int64_t until = now_nanoseconds() + 2000000000;
    for (int index = 0; index < options.connections; index++) client_close(clients + index);
    while (open_count > 0 && now_nanoseconds() < until) clients_serve(100, timer);
}

// Every connection has `in_flight` messages on the way, until the time or the messages are used up.
static void closed_loop(double seconds, long messages) {
    int64_t start = now_nanoseconds(), until = start + (int64_t)(seconds * 1e9);
    budget = messages ? messages : -1;
    sends = true;
    moved = start;
    for (int index = 0; index < options.connections; index++) {
        for (int count = 0; count < options.in_flight && budget != 0 && clients[index].state == OPEN; count++)
            send_one(clients + index, now_nanoseconds());
    }
    while (budget != 0 && on_the_way > 0) {
        int64_t now = now_nanoseconds();
        if (!messages && now >= until) break;
        if (now - moved > stall) fail("messages do not come back");
        clients_serve(100, timer);
    }
    drain();
}

// Message after message is due at its time on the schedule, whatever has come back by then, and its latency counts
// from that time: a proxy that stops for a while pays for all the messages that it keeps waiting.
static void open_loop(double seconds) {
    int64_t start = now_nanoseconds();
    long count = (long)(seconds * options.rate);
    budget = -1;
    moved = start;
    for (long next = 0; next < count;) {
        int64_t now = now_nanoseconds(), due = start + (int64_t)((double)next * 1e9 / options.rate);
        if (due <= now) {
            struct client *client = clients + next++ % options.connections;
            if (client->state != OPEN) continue;
            send_one(client, due);
            continue;
        }
        struct itimerspec at = {.it_value = {.tv_sec = due / 1000000000, .tv_nsec = due % 1000000000}};
        timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
        clients_serve(-1, timer);
    }
    drain();
}

static void run_window(double seconds, long messages) {
    if (options.rate > 0) open_loop(seconds);
    else closed_loop(seconds, messages);
}

void measure_relay(void) {
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    prctl(PR_SET_TIMERSLACK, 1);
    clients_prepare(&relay_events);
    clients = clients_make(options.connections);
    moved = now_nanoseconds();
    open_all();
    run_window(options.warm_up, 0);

    announce("begin");
    measures = true;
    samples_clear();
    results.edited = 0;
    int64_t start = now_nanoseconds();
    run_window(options.seconds, options.messages);
    results.seconds = (double)(now_nanoseconds() - start) / 1e9;
    measures = false;
    results.connections = open_count;
    announce("end");
    close_all();
}
