#define _GNU_SOURCE
#include "opening.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "load.h"

size_t opening_request_room(void) {
    return 1024 + strlen(options.path) + (options.token ? strlen(options.token) : 0)
        + (options.origin ? strlen(options.origin) : 0);
}

size_t opening_write_request(char *out, size_t room, char key[KEY_SIZE]) {
    uint8_t random[16];
    RAND_bytes(random, sizeof random);
    EVP_EncodeBlock((unsigned char *)key, random, sizeof random);
    int length = snprintf(out, room,
        "GET %s HTTP/1.1\r\nHost: localhost:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n%s%s%s%s%s%s\r\n",
        options.path, options.port, key,
        options.origin ? "Origin: " : "", options.origin ? options.origin : "", options.origin ? "\r\n" : "",
        options.token ? "Authorization: Bearer " : "", options.token ? options.token : "", options.token ? "\r\n" : "");
    return (size_t)length;
}

bool opening_is_accepted(const char *head, const char *key) {
    static const char name[] = "\r\nsec-websocket-accept: ";
    char text[64];
    unsigned char digest[EVP_MAX_MD_SIZE], accept[64];
    unsigned size = 0;
    if (strncmp(head, "HTTP/1.1 101 ", 13) != 0) return false;
    snprintf(text, sizeof text, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    EVP_Digest(text, strlen(text), digest, &size, EVP_sha1(), NULL);
    EVP_EncodeBlock(accept, digest, (int)size);
    const char *field = strcasestr(head, name);
    return field && strncmp(field + sizeof name - 1, (char *)accept, strlen((char *)accept)) == 0;
}
