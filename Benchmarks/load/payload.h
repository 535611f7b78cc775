// The messages: printable, of one size, each with its number near the start and at the end.

#ifndef PAYLOAD_H
#define PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The smallest size that holds what a message must.
int payload_smallest(void);

// Makes the pattern of all messages, by the options.
void payload_prepare(void);

// The message with this number. It is there until the next call.
const uint8_t *payload_for(uint64_t number);

// Whether these bytes are the echo of the message with this number: length, first and last bytes, and edit.
bool payload_is_echo(const uint8_t *bytes, size_t count, uint64_t number);

#endif
