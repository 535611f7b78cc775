#include "payload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

// A JSON message is BEFORE type MIDDLE number CARD filler END number CLOSE. The type of each tenth is `card`, and all
// have a card number, so that no rule can pass a message by without a look at its type.
#define BEFORE "{\"type\":\""
#define MIDDLE "\",\"number\":\""
#define CARD_NUMBER "4111111111111111"
#define HIDDEN_CARD "****************"
#define CARD "\",\"card\":\"" CARD_NUMBER "\",\"text\":\""
#define END "\",\"end\":\""
#define CLOSE_JSON "\"}"

enum {
    DIGITS = 8,
    TYPE = sizeof BEFORE - 1,
    TYPE_SIZE = 4,
    JSON_NUMBER = TYPE + TYPE_SIZE + sizeof MIDDLE - 1,
    CARD_AT = JSON_NUMBER + DIGITS + sizeof "\",\"card\":\"" - 1,
    TEXT_AT = JSON_NUMBER + DIGITS + sizeof CARD - 1,
    JSON_TAIL = sizeof END - 1 + DIGITS + sizeof CLOSE_JSON - 1,
};

static uint8_t *pattern;
static size_t first_number, last_number;

int payload_smallest(void) {
    return options.json ? TEXT_AT + JSON_TAIL : 2 * DIGITS;
}

void payload_prepare(void) {
    size_t size = (size_t)options.size;
    pattern = malloc(size);
    if (!pattern) fail("out of memory for a message");
    for (size_t index = 0; index < size; index++) pattern[index] = (uint8_t)('a' + index % 26);
    first_number = 0;
    last_number = size - DIGITS;
    if (!options.json) return;
    first_number = JSON_NUMBER;
    last_number = size - (sizeof CLOSE_JSON - 1) - DIGITS;
    memcpy(pattern, BEFORE, sizeof BEFORE - 1);
    memcpy(pattern + TYPE + TYPE_SIZE, MIDDLE, sizeof MIDDLE - 1);
    memcpy(pattern + JSON_NUMBER + DIGITS, CARD, sizeof CARD - 1);
    memcpy(pattern + size - JSON_TAIL, END, sizeof END - 1);
    memcpy(pattern + size - (sizeof CLOSE_JSON - 1), CLOSE_JSON, sizeof CLOSE_JSON - 1);
}

static void write_digits(uint8_t *out, uint64_t number) {
    for (int index = DIGITS - 1; index >= 0; index--, number /= 10) out[index] = (uint8_t)('0' + number % 10);
}

static bool is_card(uint64_t number) {
    return number % 10 == 0;
}

static const char *type_of(uint64_t number) {
    return is_card(number) ? "card" : "chat";
}

const uint8_t *payload_for(uint64_t number) {
    write_digits(pattern + first_number, number);
    write_digits(pattern + last_number, number);
    if (options.json) memcpy(pattern + TYPE, type_of(number), TYPE_SIZE);
    return pattern;
}

bool payload_is_echo(const uint8_t *bytes, size_t count, uint64_t number) {
    uint8_t digits[DIGITS];
    if (count != (size_t)options.size) return false;
    write_digits(digits, number);
    if (memcmp(bytes + first_number, digits, DIGITS) || memcmp(bytes + last_number, digits, DIGITS)) return false;
    if (!options.json) return true;
    bool must_be_hidden = options.expect_edits && is_card(number);
    bool is_echo = memcmp(bytes, BEFORE, sizeof BEFORE - 1) == 0
        && memcmp(bytes + TYPE, type_of(number), TYPE_SIZE) == 0
        && memcmp(bytes + CARD_AT, must_be_hidden ? HIDDEN_CARD : CARD_NUMBER, sizeof CARD_NUMBER - 1) == 0
        && memcmp(bytes + count - (sizeof CLOSE_JSON - 1), CLOSE_JSON, sizeof CLOSE_JSON - 1) == 0;
    results.edited += is_echo && must_be_hidden;
    return is_echo;
}
