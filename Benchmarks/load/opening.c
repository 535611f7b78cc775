#define _GNU_SOURCE
#include "opening.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

// As many as there are, each ended by a zero.
static const char **tokens;
static size_t token_count, longest_token;

static void add_token(const char *token) {
    size_t length = strlen(token);
    if (length > longest_token) longest_token = length;
    tokens = realloc(tokens, (token_count + 1) * sizeof *tokens);
    if (!tokens || !(tokens[token_count++] = strdup(token))) fail("out of memory for tokens");
}

void opening_prepare(void) {
    if (options.token) add_token(options.token);
    if (!options.tokens) return;
    char line[16384];
    FILE *file = fopen(options.tokens, "r");
    if (!file) fail("cannot read --tokens");
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        add_token(line);
    }
    fclose(file);
    if (token_count == 0) fail("--tokens has none");
}

const char *opening_next_token(void) {
    static size_t next;
    return token_count ? tokens[next++ % token_count] : NULL;
}

size_t opening_request_room(void) {
    return 1024 + strlen(options.path) + longest_token
        + (options.origin ? strlen(options.origin) : 0);
}

size_t opening_write_request(char *out, size_t room, const char *token, char key[KEY_SIZE]) {
    uint8_t random[16];
    RAND_bytes(random, sizeof random);
    EVP_EncodeBlock((unsigned char *)key, random, sizeof random);
    int length = snprintf(out, room,
        "GET %s HTTP/1.1\r\nHost: localhost:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n%s%s%s%s%s%s\r\n",
        options.path, options.port, key,
        options.origin ? "Origin: " : "", options.origin ? options.origin : "", options.origin ? "\r\n" : "",
        token ? "Authorization: Bearer " : "", token ? token : "", token ? "\r\n" : "");
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
