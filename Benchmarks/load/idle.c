// Connections that have carried one message each and then are left alone, so that the proxy's memory can be read.

#include "client.h"
#include "load.h"

static struct client *clients;
static int opening, settled, open_count, echoed;
static int64_t moved;

static void opened(struct client *client) {
    opening--, settled++, open_count++;
    moved = now_nanoseconds();
    client_send_message(client, moved);
}

static void received(struct client *client) {
    moved = now_nanoseconds();
    client->received++;
    echoed++;
}

static void closed(struct client *client) {
    (void)client;
    open_count--;
}

static void lost(struct client *client) {
    if (!client->was_open) opening--, settled++;
    else open_count--, echoed -= client->received > 0;
}

static const struct client_events idle_events = {opened, received, closed, lost};

static void open_up_to(int count) {
    int next = 0;
    settled = echoed = 0;
    moved = now_nanoseconds();
    while (settled < count || echoed < open_count) {
        for (; next < count && opening < 64; next++, opening++) client_connect(clients + next);
        clients_serve(100, -1);
        if (now_nanoseconds() - moved > 10000000000) fail("connections do not open");
    }
}

static void leave_alone(double seconds) {
    int64_t until = now_nanoseconds() + (int64_t)(seconds * 1e9);
    while (now_nanoseconds() < until) clients_serve(100, -1);
}

static void close_all(void) {
    int64_t until = now_nanoseconds() + 10000000000;
    for (int index = 0; index < options.idle; index++) client_close(clients + index);
    while (open_count > 0 && now_nanoseconds() < until) clients_serve(100, -1);
}

void measure_idle(void) {
    clients_prepare(&idle_events);
    clients = clients_make(options.idle);
    // What a proxy allocates with its first connections is not what one more costs.
    open_up_to(options.idle < 16 ? options.idle : 16);
    close_all();
    leave_alone(0.2);

    announce("begin");
    int64_t start = now_nanoseconds();
    open_up_to(options.idle);
    results.connections = open_count;
    leave_alone(options.hold);
    results.seconds = (double)(now_nanoseconds() - start) / 1e9;
    announce("end");
    close_all();
}
