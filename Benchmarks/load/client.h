// One WebSocket connection of the load generator, over TLS or plain, without blocking.

#ifndef CLIENT_H
#define CLIENT_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "opening.h"

enum client_state { IDLE, CONNECTING, SECURING, UPGRADING, OPEN, CLOSING };

struct client {
    enum client_state state;
    int fd;
    SSL *ssl;               // NULL when plain
    SSL_SESSION *session;   // of the latest ticket; kept from one connection to the next
    bool was_open;
    bool was_resumed;
    bool wants_write;       // what epoll is told

    uint8_t *out;           // what is to be sent, from `out_sent` to `out_end`
    size_t out_sent, out_end, out_capacity;

    const char *token;      // NULL: none is sent
    char key[KEY_SIZE];
    char head[4096];        // of the response
    size_t head_size;
    struct frame frame;
    uint8_t control[125];   // payload of a ping or close
    uint8_t *message;       // of `options.size` bytes, with a byte more: one that is too long shows
    size_t message_size;

    uint64_t sent, received;    // messages; each has its number
    int64_t *due;               // when each message on the way was due, a ring
};

// What happens on connections. `lost`: it has ended without having been asked to.
struct client_events {
    void (*opened)(struct client *client);
    void (*received)(struct client *client);
    void (*closed)(struct client *client);
    void (*lost)(struct client *client);
};

// The number of messages that can be on the way on one connection: a power of two.
enum { DUE_CAPACITY = 4096 };

// Once, before all else.
void clients_prepare(const struct client_events *events);
struct client *clients_make(int count);

// Serves all connections for so long at most, or until `other` (a descriptor, or -1) can be read.
void clients_serve(int milliseconds, int other);

void client_connect(struct client *client);

// Puts a message into what is to be sent. Nothing goes out before `client_flush`, which events do by themselves.
void client_send_message(struct client *client, int64_t due);
void client_flush(struct client *client);

// The closing handshake; `closed` follows.
void client_close(struct client *client);

// Ends the connection at once.
void client_drop(struct client *client);

#endif
