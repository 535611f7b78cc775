#include "frame.h"

#include <string.h>

static size_t header_size(const struct frame *frame) {
    if (frame->have < 2) return 2;
    uint8_t length = frame->header[1] & 0x7F;
    return 2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + (frame->header[1] & 0x80 ? 4 : 0);
}

static void decode_header(struct frame *frame) {
    const uint8_t *next = frame->header + 2;
    unsigned width = 0;
    frame->final = frame->header[0] & 0x80;
    frame->opcode = frame->header[0] & 0x0F;
    frame->masked = frame->header[1] & 0x80;
    frame->size = frame->header[1] & 0x7F;
    if (frame->size >= 126) {
        width = frame->size == 126 ? 2 : 8;
        frame->size = 0;
        for (unsigned index = 0; index < width; index++) frame->size = frame->size << 8 | *next++;
    }
    if (frame->masked) memcpy(&frame->key, next, 4);
    frame->received = 0;
    frame->has_header = true;
}

size_t frame_read_header(struct frame *frame, const uint8_t *bytes, size_t count) {
    size_t taken = 0;
    while (taken < count && frame->have < header_size(frame)) frame->header[frame->have++] = bytes[taken++];
    if (frame->have >= 2 && frame->have == header_size(frame)) decode_header(frame);
    return taken;
}

size_t frame_write_header(uint8_t *out, uint8_t opcode, bool final, uint64_t size, const uint32_t *key) {
    uint8_t masked = key ? 0x80 : 0;
    unsigned width = size < 126 ? 0 : size < 65536 ? 2 : 8;
    size_t length = 2;
    out[0] = (final ? 0x80 : 0) | opcode;
    out[1] = masked | (width == 0 ? (uint8_t)size : width == 2 ? 126 : 127);
    for (unsigned index = width; index > 0; index--) out[length++] = (uint8_t)(size >> (8 * (index - 1)));
    if (key) {
        memcpy(out + length, key, 4);
        length += 4;
    }
    return length;
}

void frame_mask(uint8_t *out, const uint8_t *in, size_t count, uint32_t key, uint64_t offset) {
    uint8_t bytes[8];
    for (unsigned index = 0; index < 8; index++) bytes[index] = ((const uint8_t *)&key)[(offset + index) & 3];
    uint64_t wide, word;
    memcpy(&wide, bytes, 8);
    size_t index = 0;
    for (; index + 8 <= count; index += 8) {
        memcpy(&word, in + index, 8);
        word ^= wide;
        memcpy(out + index, &word, 8);
    }
    for (; index < count; index++) out[index] = in[index] ^ bytes[index & 7];
}
