// Connections that are opened and closed, one after the other on each of a few lanes: TCP, TLS, upgrade, and the
// closing handshake.

#include <openssl/ssl.h>

#include "client.h"
#include "load.h"
#include "samples.h"

static struct client *clients;
static long to_begin, under_way;
static bool measures;
static int64_t moved;

static void begin(struct client *client) {
    to_begin--;
    under_way++;
    client_connect(client);
    client->due[0] = now_nanoseconds();
}

static void opened(struct client *client) {
    moved = now_nanoseconds();
    if (measures) {
        samples_add(moved - client->due[0]);
        results.handshakes++;
        results.resumed += client->was_resumed;
    }
    client_close(client);
}

static void ended(struct client *client) {
    under_way--;
    if (to_begin > 0) begin(client);
}

static void received(struct client *client) {
    (void)client;
    count_error("a message that nobody sent");
}

static const struct client_events handshake_events = {opened, received, ended, ended};

static void run(long count) {
    to_begin = count;
    moved = now_nanoseconds();
    for (int index = 0; index < options.connections && to_begin > 0; index++) begin(clients + index);
    while (under_way > 0) {
        clients_serve(100, -1);
        if (now_nanoseconds() - moved > 10000000000) fail("connections do not open or close");
    }
}

void measure_handshakes(void) {
    long warm_up = options.handshakes / 10;
    clients_prepare(&handshake_events);
    clients = clients_make(options.connections);
    // Each lane gets a ticket to resume with.
    run(warm_up > 2 * options.connections ? warm_up : 2 * options.connections);

    announce("begin");
    measures = true;
    int64_t start = now_nanoseconds();
    run(options.handshakes);
    results.seconds = (double)(now_nanoseconds() - start) / 1e9;
    announce("end");
}
