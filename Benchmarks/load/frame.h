// RFC 6455 section 5: frames, read in pieces of any size and written in their shortest form.

#ifndef FRAME_H
#define FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum opcode { CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

enum { LONGEST_HEADER = 14 };

// A frame that is being read. All zero is the start of one.
struct frame {
    uint8_t header[LONGEST_HEADER];
    uint8_t have;       // bytes of the header so far
    bool has_header;    // what follows is valid, and payload comes next
    bool final;
    bool masked;
    uint8_t opcode;
    uint32_t key;       // in the order of the wire
    uint64_t size;      // of the payload
    uint64_t received;  // of the payload
};

// Takes what belongs to the header; the number of bytes taken.
size_t frame_read_header(struct frame *frame, const uint8_t *bytes, size_t count);

// Writes a header; its length. Without a key: a server's.
size_t frame_write_header(uint8_t *out, uint8_t opcode, bool final, uint64_t size, const uint32_t *key);

// Masks or unmasks a piece of a payload that begins `offset` bytes into it. `out` may be `in`.
void frame_mask(uint8_t *out, const uint8_t *in, size_t count, uint32_t key, uint64_t offset);

#endif
