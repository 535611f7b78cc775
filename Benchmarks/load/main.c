// The load generator of ./dev bench: one thread, epoll, WebSocket clients over TLS 1.3. Prints `begin` and `end` around
// the measured window, and what it has counted as one line of JSON. Exit 1 where anything went wrong.

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "load.h"
#include "payload.h"
#include "samples.h"

struct options options = {
    .address = "127.0.0.1", .path = "/", .connections = 1, .in_flight = 1, .size = 64, .seconds = 3, .warm_up = 0.5,
    .hold = 1,
};
struct results results;

void announce(const char *word) {
    char line[16];
    printf("%s\n", word);
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin)) return;
}

void count_error(const char *what) {
    if (results.errors++ < 5) fprintf(stderr, "load: %s\n", what);
}

_Noreturn void fail(const char *what) {
    fprintf(stderr, "load: %s\n", what);
    exit(1);
}

static const char usage[] =
    "usage: load --port PORT [--address A] [--plain] [--path P] [--origin O] [--token T | --tokens FILE]\n"
    "            [--connections N] [--in-flight N] [--size BYTES] [--binary | --json-payload [--expect-edits]]\n"
    "            [--seconds S | --messages N] [--warm-up S] [--rate MESSAGES_PER_SECOND]\n"
    "            [--handshakes N [--resume]] [--idle N [--hold S]]\n";

static const struct option names[] = {
    {"port", required_argument, NULL, 'p'},       {"address", required_argument, NULL, 'a'},
    {"plain", no_argument, NULL, 'P'},            {"path", required_argument, NULL, 'u'},
    {"origin", required_argument, NULL, 'o'},     {"token", required_argument, NULL, 't'},
    {"tokens", required_argument, NULL, 'T'},
    {"connections", required_argument, NULL, 'c'}, {"in-flight", required_argument, NULL, 'f'},
    {"size", required_argument, NULL, 's'},       {"binary", no_argument, NULL, 'b'},
    {"json-payload", no_argument, NULL, 'j'},     {"expect-edits", no_argument, NULL, 'e'},
    {"seconds", required_argument, NULL, 'd'},    {"warm-up", required_argument, NULL, 'w'},
    {"messages", required_argument, NULL, 'm'},   {"rate", required_argument, NULL, 'r'},
    {"handshakes", required_argument, NULL, 'h'}, {"resume", no_argument, NULL, 'R'},
    {"idle", required_argument, NULL, 'i'},       {"hold", required_argument, NULL, 'H'},
    {NULL, 0, NULL, 0},
};

static double number(const char *text, double least, double most) {
    char *end;
    double value = strtod(text, &end);
    if (*end || end == text || !(value >= least && value <= most)) {
        fprintf(stderr, "load: %s is not a number from %g to %g\n", text, least, most);
        exit(64);
    }
    return value;
}

static void read_options(int count, char **words) {
    int option;
    while ((option = getopt_long(count, words, "", names, NULL)) != -1) switch (option) {
        case 'p': options.port = (int)number(optarg, 1, 65535); break;
        case 'a': options.address = optarg; break;
        case 'P': options.plain = true; break;
        case 'u': options.path = optarg; break;
        case 'o': options.origin = optarg; break;
        case 't': options.token = optarg; break;
        case 'T': options.tokens = optarg; break;
        case 'c': options.connections = (int)number(optarg, 1, 100000); break;
        case 'f': options.in_flight = (int)number(optarg, 1, 1024); break;
        case 's': options.size = (int)number(optarg, 1, 1 << 24); break;
        case 'b': options.binary = true; break;
        case 'j': options.json = true; break;
        case 'e': options.expect_edits = true; break;
        case 'd': options.seconds = number(optarg, 0.01, 3600); break;
        case 'w': options.warm_up = number(optarg, 0, 3600); break;
        case 'm': options.messages = (long)number(optarg, 1, 1e12); break;
        case 'r': options.rate = number(optarg, 1, 1e7); break;
        case 'h': options.handshakes = (long)number(optarg, 1, 1e9); break;
        case 'R': options.resume = true; break;
        case 'i': options.idle = (int)number(optarg, 1, 100000); break;
        case 'H': options.hold = number(optarg, 0, 3600); break;
        default: fputs(usage, stderr), exit(64);
    }
    if (!options.port || optind != count) fputs(usage, stderr), exit(64);
    if (options.size < payload_smallest()) fail("--size is too small for what a message must hold");
}

static void print_results(void) {
    samples_sort();
    printf("{\"messages\": %ld, \"handshakes\": %ld, \"resumed\": %ld, \"connections\": %ld, \"edited\": %ld, "
           "\"errors\": %ld, \"seconds\": %.6f, \"latency_us\": {\"count\": %zu, \"p50\": %.1f, \"p90\": %.1f, "
           "\"p99\": %.1f, \"p999\": %.1f, \"max\": %.1f}}\n",
        results.messages, results.handshakes, results.resumed, results.connections, results.edited, results.errors,
        results.seconds, samples_count(), samples_percentile(0.5), samples_percentile(0.9), samples_percentile(0.99),
        samples_percentile(0.999), samples_percentile(1));
}

int main(int count, char **words) {
    struct rlimit files;
    signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    read_options(count, words);
    if (options.handshakes) measure_handshakes();
    else if (options.idle) measure_idle();
    else measure_relay();
    print_results();
    return results.errors ? 1 : 0;
}
