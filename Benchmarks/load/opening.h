// The opening handshake of a WebSocket client (RFC 6455 section 4.1).

#ifndef OPENING_H
#define OPENING_H

#include <stdbool.h>
#include <stddef.h>

// A Sec-WebSocket-Key, and the zero at its end.
enum { KEY_SIZE = 25 };

// Once, before all else: reads the tokens.
void opening_prepare(void);

// The next token, from the first again after the last; NULL where none is sent.
const char *opening_next_token(void);

// Bytes that hold any request of these options.
size_t opening_request_room(void);

// Makes a fresh key and writes the request with it and with `token`; the request's length.
size_t opening_write_request(char *out, size_t room, const char *token, char key[KEY_SIZE]);

// Whether the head of a response accepts the request with that key.
bool opening_is_accepted(const char *head, const char *key);

#endif
