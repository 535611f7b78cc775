// The upstream of ./dev bench: a WebSocket server that sends every frame back, one thread, epoll. It keeps no message:
// a frame's header is answered when it is there, and the payload is unmasked as it comes. Prints the port that it
// listens at; ends with standard input, so with the harness.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frame.h"

enum { READ_SIZE = 256 * 1024 };

struct peer {
    int fd;
    bool is_open;       // the handshake is done
    bool is_closing;    // its close frame has been answered: nothing is read any more
    struct frame frame;
    char *head;         // of the request; NULL once it is answered
    size_t head_size;
    uint8_t *queue;     // what the socket did not take, from `sent` to `end`
    size_t sent, end;
};

static int poller;
static uint8_t in[READ_SIZE];
// A header of each frame that can be in one read: two bytes of header and four of mask become two.
static uint8_t out[READ_SIZE + LONGEST_HEADER];
static size_t out_size;

static void end_peer(struct peer *peer) {
    close(peer->fd);
    free(peer->head);
    free(peer->queue);
    free(peer);
}

static void watch(struct peer *peer, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = peer};
    epoll_ctl(poller, operation, peer->fd, &event);
}

// Sends what is queued or given; keeps the rest, and reads nothing more until it is gone. false when the peer has gone.
static bool send_all(struct peer *peer, const uint8_t *bytes, size_t count) {
    size_t sent = 0;
    while (sent < count) {
        ssize_t result = send(peer->fd, bytes + sent, count - sent, MSG_NOSIGNAL);
        if (result < 0 && errno != EAGAIN) return false;
        if (result < 0) break;
        sent += (size_t)result;
    }
    if (sent == count) return true;
    peer->queue = malloc(count - sent);
    if (!peer->queue) return false;
    memcpy(peer->queue, bytes + sent, count - sent);
    peer->sent = 0;
    peer->end = count - sent;
    watch(peer, EPOLL_CTL_MOD, EPOLLOUT);
    return true;
}

static bool send_queue(struct peer *peer) {
    uint8_t *queue = peer->queue;
    size_t sent = peer->sent, end = peer->end;
    peer->queue = NULL;
    bool is_there = send_all(peer, queue + sent, end - sent);
    free(queue);
    if (is_there && !peer->queue) watch(peer, EPOLL_CTL_MOD, EPOLLIN);
    return is_there;
}

// RFC 6455 section 4.2.2. The request is believed; what is measured stands before this server.
static bool answer_request(struct peer *peer) {
    char text[128], response[512];
    unsigned char digest[EVP_MAX_MD_SIZE], accept[64];
    unsigned size = 0;
    const char *key = strcasestr(peer->head, "\r\nsec-websocket-key:");
    if (!key) return false;
    key += 20;
    key += strspn(key, " ");
    snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    EVP_Digest(text, strlen(text), digest, &size, EVP_sha1(), NULL);
    EVP_EncodeBlock(accept, digest, (int)size);
    int length = snprintf(response, sizeof response,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
    free(peer->head);
    peer->head = NULL;
    peer->is_open = true;
    return send_all(peer, (uint8_t *)response, (size_t)length);
}

// Takes what belongs to the request's head; the number of bytes taken, or -1 when it is none.
static ssize_t read_head(struct peer *peer, const uint8_t *bytes, size_t count) {
    enum { LONGEST_HEAD = 32 * 1024 };
    if (!peer->head && !(peer->head = calloc(1, LONGEST_HEAD))) return -1;
    for (size_t index = 0; index < count; index++) {
        if (peer->head_size + 1 == LONGEST_HEAD) return -1;
        peer->head[peer->head_size++] = (char)bytes[index];
        if (peer->head_size < 4 || memcmp(peer->head + peer->head_size - 4, "\r\n\r\n", 4) != 0) continue;
        return answer_request(peer) ? (ssize_t)index + 1 : -1;
    }
    return (ssize_t)count;
}

static void echo(struct peer *peer, const uint8_t *bytes, size_t count) {
    size_t at = 0;
    while (!peer->is_closing && (at < count || peer->frame.has_header)) {
        struct frame *frame = &peer->frame;
        bool wants_answer = frame->opcode != PONG;
        if (!frame->has_header) {
            at += frame_read_header(frame, bytes + at, count - at);
            if (!frame->has_header) return;
            wants_answer = frame->opcode != PONG;
            uint8_t opcode = frame->opcode == PING ? PONG : frame->opcode;
            if (wants_answer) out_size += frame_write_header(out + out_size, opcode, frame->final, frame->size, NULL);
        }
        uint64_t left = frame->size - frame->received;
        size_t piece = left < count - at ? (size_t)left : count - at;
        if (wants_answer) {
            frame_mask(out + out_size, bytes + at, piece, frame->masked ? frame->key : 0, frame->received);
            out_size += piece;
        }
        frame->received += piece;
        at += piece;
        if (frame->received < frame->size) return;
        peer->is_closing = frame->opcode == CLOSE;
        memset(frame, 0, sizeof *frame);
    }
}

// false when the connection is at its end.
static bool receive(struct peer *peer) {
    ssize_t count = recv(peer->fd, in, sizeof in, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (count <= 0) return false;
    ssize_t head = peer->is_open ? 0 : read_head(peer, in, (size_t)count);
    if (head < 0) return false;
    out_size = 0;
    echo(peer, in + head, (size_t)(count - head));
    return send_all(peer, out, out_size);
}

static bool serve(struct peer *peer) {
    if (peer->queue ? !send_queue(peer) : !receive(peer)) return false;
    return !peer->is_closing || peer->queue;
}

static void accept_all(int door) {
    int fd, yes = 1;
    while ((fd = accept4(door, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct peer *peer = calloc(1, sizeof *peer);
        if (!peer) exit(1);
        peer->fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        watch(peer, EPOLL_CTL_ADD, EPOLLIN);
    }
}

static int listen_anywhere(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int door = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (door < 0 || bind(door, (struct sockaddr *)&address, size) < 0 || listen(door, 4096) < 0) exit(1);
    getsockname(door, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return door;
}

int main(void) {
    struct rlimit files;
    struct epoll_event ready[256];
    char rest[16];
    signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    int door = listen_anywhere();
    struct peer listener = {.fd = door}, input = {.fd = STDIN_FILENO};
    poller = epoll_create1(EPOLL_CLOEXEC);
    watch(&listener, EPOLL_CTL_ADD, EPOLLIN);
    watch(&input, EPOLL_CTL_ADD, EPOLLIN);
    for (;;) {
        int count = epoll_wait(poller, ready, sizeof ready / sizeof *ready, -1);
        for (int index = 0; index < count; index++) {
            struct peer *peer = ready[index].data.ptr;
            if (peer == &listener) accept_all(door);
            else if (peer != &input) {
                if (!serve(peer)) end_peer(peer);
            } else if (read(STDIN_FILENO, rest, sizeof rest) <= 0) return 0;
        }
    }
}
