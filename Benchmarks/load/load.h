// What the parts of the load generator share: the options, the clock, and how it talks to the harness.

#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct options {
    const char *address;    // of the door, an IPv4 address
    int port;
    bool plain;             // ws, not wss
    const char *path;
    const char *origin;     // NULL: none is sent
    const char *token;      // NULL: none is sent
    const char *tokens;     // a file of tokens, one a line, in the place of the one
    int connections;
    int in_flight;          // messages on the way for each connection
    int size;               // bytes of a message
    bool binary;            // messages are binary, not text
    bool json;              // messages are JSON, and each tenth has the type `card`
    bool expect_edits;      // what is a card number comes back as asterisks in each tenth message
    double seconds;         // of the measured window
    double warm_up;         // seconds before it
    long messages;          // the window ends after so many messages; 0: after `seconds`
    double rate;            // messages a second on a schedule; 0: a closed loop
    long handshakes;        // measure so many handshakes instead of messages
    bool resume;            // with the ticket of an earlier connection
    int idle;               // measure so many idle connections instead of messages
    double hold;            // seconds that these are left alone before they are measured
};

extern struct options options;

// What was counted in the measured window.
struct results {
    long messages;
    long handshakes;
    long resumed;           // of the handshakes
    long connections;       // that were open
    long edited;            // messages that came back edited
    long errors;            // in all of the run, warm-up included
    double seconds;
};

extern struct results results;

static inline int64_t now_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// Prints `begin` or `end` and waits for a line on standard input. Nothing is on the way then, so that what the proxy
// has used of the processor in between belongs to the window and to nothing else. At the end of input it does not wait.
void announce(const char *word);

// Counts an error; the first ones are printed on standard error.
void count_error(const char *what);

// Ends the program, with a message.
_Noreturn void fail(const char *what);

void measure_relay(void);
void measure_handshakes(void);
void measure_idle(void);

#endif
