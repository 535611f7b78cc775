#define _GNU_SOURCE
#include "CPlatform.h"

long cp_ssl_ctx_set_minimum_version(SSL_CTX *context, int version) {
    return SSL_CTX_set_min_proto_version(context, version);
}

long cp_ssl_ctx_set_mode(SSL_CTX *context, long mode) { return SSL_CTX_set_mode(context, mode); }

uint64_t cp_ssl_op_no_compression(void) { return SSL_OP_NO_COMPRESSION; }

uint64_t cp_ssl_op_no_renegotiation(void) { return SSL_OP_NO_RENEGOTIATION; }

long cp_ssl_ctx_set_groups(SSL_CTX *context, const char *list) { return SSL_CTX_set1_groups_list(context, list); }

long cp_ssl_ctx_session_cache_off(SSL_CTX *context) {
    return SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

long cp_ssl_ctx_set_server_name_callback(SSL_CTX *context, int (*callback)(SSL *, int *, void *), void *argument) {
    SSL_CTX_set_tlsext_servername_arg(context, argument);
    return SSL_CTX_set_tlsext_servername_callback(context, callback);
}

long cp_ssl_set_server_name(SSL *session, const char *name) { return SSL_set_tlsext_host_name(session, name); }

void cp_bio_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }

void cp_bio_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }

int cp_general_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }

const GENERAL_NAME *cp_general_names_at(const GENERAL_NAMES *names, int index) {
    return sk_GENERAL_NAME_value(names, index);
}

const ASN1_IA5STRING *cp_general_name_dns(const GENERAL_NAME *name) {
    return name->type == GEN_DNS ? name->d.dNSName : NULL;
}

int cp_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data = {.u64 = data}};
    return epoll_ctl(epoll, operation, descriptor, &event);
}

uint64_t cp_epoll_event_data(const struct epoll_event *event) { return event->data.u64; }

uint32_t cp_epoll_event_mask(const struct epoll_event *event) { return event->events; }

int cp_accept(int listener, struct sockaddr *address, socklen_t *length) {
    return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
