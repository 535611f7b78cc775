#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"
#include "payload.h"
#include "tls.h"

static int poller;
static SSL_CTX *tls;
static const struct client_events *events;
static struct sockaddr_in door;
static uint8_t shared[256 * 1024];

// --- What all connections share ---

void clients_prepare(const struct client_events *wanted) {
    events = wanted;
    poller = epoll_create1(EPOLL_CLOEXEC);
    door.sin_family = AF_INET;
    door.sin_port = htons((uint16_t)options.port);
    if (poller < 0) fail("no epoll");
    if (inet_pton(AF_INET, options.address, &door.sin_addr) != 1) fail("--address must be an IPv4 address");
    if (!options.plain) tls = tls_context();
    payload_prepare();
    opening_prepare();
}

struct client *clients_make(int count) {
    struct client *clients = calloc((size_t)count, sizeof *clients);
    for (int index = 0; clients && index < count; index++) {
        clients[index].fd = -1;
        clients[index].message = malloc((size_t)options.size + 1);
        clients[index].due = calloc(DUE_CAPACITY, sizeof(int64_t));
        if (!clients[index].message || !clients[index].due) clients = NULL;
    }
    if (!clients) fail("out of memory for connections");
    return clients;
}

// xorshift: a mask must be fresh for each frame (RFC 6455 section 5.3), and here it need not be secret.
static uint32_t fresh_mask(void) {
    static uint64_t state = 0x9E3779B97F4A7C15;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}

// --- What goes out ---

static uint8_t *reserve(struct client *client, size_t count) {
    if (client->out_sent == client->out_end) client->out_sent = client->out_end = 0;
    if (client->out_end + count > client->out_capacity) {
        client->out_capacity = 2 * (client->out_end + count);
        client->out = realloc(client->out, client->out_capacity);
        if (!client->out) fail("out of memory for what is to be sent");
    }
    return client->out + client->out_end;
}

static void put_frame(struct client *client, uint8_t opcode, const uint8_t *payload, size_t size) {
    uint8_t *out = reserve(client, LONGEST_HEADER + size);
    uint32_t key = fresh_mask();
    size_t header = frame_write_header(out, opcode, true, size, &key);
    frame_mask(out + header, payload, size, key, 0);
    client->out_end += header + size;
}

void client_send_message(struct client *client, int64_t due) {
    if (client->sent - client->received == DUE_CAPACITY) fail("too many messages on the way: the rate is too high");
    client->due[client->sent % DUE_CAPACITY] = due;
    put_frame(client, options.binary ? BINARY : TEXT, payload_for(client->sent), (size_t)options.size);
    client->sent++;
}

static void watch(struct client *client, bool wants_write) {
    if (client->wants_write == wants_write) return;
    struct epoll_event event = {.events = EPOLLIN | (wants_write ? EPOLLOUT : 0), .data.ptr = client};
    client->wants_write = wants_write;
    epoll_ctl(poller, EPOLL_CTL_MOD, client->fd, &event);
}

void client_drop(struct client *client) {
    if (client->state == IDLE) return;
    if (client->ssl) {
        // Says so to the peer; and OpenSSL would not resume a session that ended otherwise.
        if (client->state >= UPGRADING) SSL_shutdown(client->ssl);
        SSL_free(client->ssl);
    }
    close(client->fd);
    client->ssl = NULL;
    client->fd = -1;
    client->state = IDLE;
    client->wants_write = false;
}

static void lose(struct client *client, const char *why) {
    count_error(why);
    client_drop(client);
    events->lost(client);
}

// What a descriptor without TLS answers, in the words of one with it: bytes, 0 to wait, -1 at the end.
static ssize_t plain_result(ssize_t result) {
    if (result > 0) return result;
    return result < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static ssize_t tls_result(struct client *client, int result) {
    if (result > 0) return result;
    int error = SSL_get_error(client->ssl, result);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

void client_flush(struct client *client) {
    while (client->state != IDLE && client->out_sent < client->out_end) {
        const uint8_t *bytes = client->out + client->out_sent;
        size_t count = client->out_end - client->out_sent;
        ssize_t sent = client->ssl ? tls_result(client, SSL_write(client->ssl, bytes, (int)count))
                                   : plain_result(send(client->fd, bytes, count, MSG_NOSIGNAL));
        if (sent < 0) return lose(client, "the peer takes no more");
        if (sent == 0) break;
        client->out_sent += (size_t)sent;
    }
    if (client->state != IDLE) watch(client, client->out_sent < client->out_end);
}

void client_close(struct client *client) {
    static const uint8_t normal[2] = {1000 >> 8, 1000 & 0xFF};
    if (client->state != OPEN) return;
    client->state = CLOSING;
    put_frame(client, CLOSE, normal, sizeof normal);
    client_flush(client);
}

// --- The way to an open connection ---

void client_connect(struct client *client) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = client};
    int yes = 1;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0) fail("no more sockets; is the limit on open files high enough?");
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    client->state = CONNECTING;
    client->wants_write = true;
    client->was_resumed = client->was_open = false;
    client->out_sent = client->out_end = client->head_size = client->message_size = 0;
    client->sent = client->received = 0;
    memset(&client->frame, 0, sizeof client->frame);
    if (connect(client->fd, (struct sockaddr *)&door, sizeof door) < 0 && errno != EINPROGRESS) fail("cannot connect");
    epoll_ctl(poller, EPOLL_CTL_ADD, client->fd, &event);
}

static void begin_tls(struct client *client) {
    client->ssl = SSL_new(tls);
    if (!client->ssl) fail("OpenSSL gives no session");
    SSL_set_fd(client->ssl, client->fd);
    SSL_set_app_data(client->ssl, client);
    SSL_set_tlsext_host_name(client->ssl, "localhost");
    if (options.resume && client->session) SSL_set_session(client->ssl, client->session);
    SSL_set_connect_state(client->ssl);
    client->state = SECURING;
}

static void send_upgrade(struct client *client) {
    size_t room = opening_request_room();
    char *out = (char *)reserve(client, room);
    // Who comes back to resume a session brings the token that it had.
    if (!options.resume || !client->token) client->token = opening_next_token();
    client->out_end += opening_write_request(out, room, client->token, client->key);
    client->state = UPGRADING;
    client_flush(client);
}

// The first steps, as far as they go without waiting. Whether the request is on its way.
static bool establish(struct client *client) {
    if (client->state == CONNECTING) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error) return lose(client, "the connection is refused"), false;
        if (options.plain) return send_upgrade(client), client->state == UPGRADING;
        begin_tls(client);
    }
    if (client->state == SECURING) {
        ssize_t result = tls_result(client, SSL_do_handshake(client->ssl));
        if (result < 0) return lose(client, "the TLS handshake fails"), false;
        if (result == 0) return watch(client, SSL_want_write(client->ssl)), false;
        client->was_resumed = SSL_session_reused(client->ssl);
        send_upgrade(client);
    }
    return client->state != IDLE;
}

// Takes what belongs to the response's head; the number of bytes taken, or -1 when it is not the one that it must be.
static ssize_t read_head(struct client *client, const uint8_t *bytes, size_t count) {
    for (size_t index = 0; index < count; index++) {
        if (client->head_size + 1 == sizeof client->head) return -1;
        client->head[client->head_size++] = (char)bytes[index];
        client->head[client->head_size] = 0;
        if (client->head_size < 4 || strcmp(client->head + client->head_size - 4, "\r\n\r\n") != 0) continue;
        if (!opening_is_accepted(client->head, client->key)) return -1;
        client->state = OPEN;
        client->was_open = true;
        events->opened(client);
        return (ssize_t)index + 1;
    }
    return (ssize_t)count;
}

// --- What comes in ---

// The payload of one frame is whole.
static void end_frame(struct client *client) {
    struct frame frame = client->frame;
    memset(&client->frame, 0, sizeof client->frame);
    if (frame.opcode == PING) {
        put_frame(client, PONG, client->control, (size_t)frame.size);
    } else if (frame.opcode == CLOSE) {
        if (client->state != CLOSING) return lose(client, "the peer closes the connection");
        client_drop(client);
        events->closed(client);
    } else if (frame.opcode < CLOSE && frame.final) {
        if (!payload_is_echo(client->message, client->message_size, client->received)) count_error("no true echo");
        client->message_size = 0;
        events->received(client);
    }
}

static void keep_payload(struct client *client, const uint8_t *bytes, size_t count) {
    if (client->frame.opcode >= CLOSE) {
        if (client->frame.received + count <= sizeof client->control)
            memcpy(client->control + client->frame.received, bytes, count);
    } else {
        size_t room = (size_t)options.size + 1 - client->message_size;
        size_t kept = count < room ? count : room;
        memcpy(client->message + client->message_size, bytes, kept);
        client->message_size += kept;
    }
    client->frame.received += count;
}

static void read_frames(struct client *client, const uint8_t *bytes, size_t count) {
    size_t at = 0;
    while (client->state >= OPEN && at < count) {
        struct frame *frame = &client->frame;
        if (!frame->has_header) at += frame_read_header(frame, bytes + at, count - at);
        if (!frame->has_header) return;
        if (frame->masked || (frame->opcode >= CLOSE && frame->size > sizeof client->control))
            return lose(client, "the peer breaks RFC 6455");
        uint64_t left = frame->size - frame->received;
        size_t piece = left < count - at ? (size_t)left : count - at;
        keep_payload(client, bytes + at, piece);
        at += piece;
        if (frame->received == frame->size) end_frame(client);
    }
}

static void receive(struct client *client) {
    while (client->state >= UPGRADING) {
        ssize_t count = client->ssl ? tls_result(client, SSL_read(client->ssl, shared, sizeof shared))
                                    : plain_result(recv(client->fd, shared, sizeof shared, 0));
        if (count == 0) return;
        if (count < 0) return lose(client, "the peer ends the connection");
        ssize_t head = client->state == UPGRADING ? read_head(client, shared, (size_t)count) : 0;
        if (head < 0) return lose(client, "the upgrade is refused");
        read_frames(client, shared + head, (size_t)(count - head));
        // A short read of a plain socket has emptied it; of TLS, one must ask to know.
        if (!client->ssl && (size_t)count < sizeof shared) return;
    }
}

static void serve(struct client *client) {
    if (client->state < UPGRADING && !establish(client)) return;
    receive(client);
    // It may have ended in the meantime, and the next one may be on its way.
    if (client->state >= UPGRADING) client_flush(client);
}

static void empty(int other) {
    ssize_t count = read(other, shared, sizeof shared);
    (void)count;
}

void clients_serve(int milliseconds, int other) {
    static int watched = -1;
    struct epoll_event ready[256];
    if (other >= 0 && watched != other) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
        epoll_ctl(poller, EPOLL_CTL_ADD, other, &event);
        watched = other;
    }
    int count = epoll_wait(poller, ready, sizeof ready / sizeof *ready, milliseconds);
    for (int index = 0; index < count; index++) {
        struct client *client = ready[index].data.ptr;
        if (!client) empty(other);
        else if (client->state != IDLE) serve(client);
    }
}
