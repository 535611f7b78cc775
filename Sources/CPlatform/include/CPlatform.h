#pragma once
/* C macros as functions, and the epoll and socket calls that Swift's Glibc overlay does not show. No logic. */

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

/* OpenSSL: TLS contexts and sessions. */
long cp_ssl_ctx_set_minimum_version(SSL_CTX *context, int version);
long cp_ssl_ctx_set_mode(SSL_CTX *context, long mode);
uint64_t cp_ssl_op_no_compression(void);
uint64_t cp_ssl_op_no_renegotiation(void);
long cp_ssl_ctx_set_groups(SSL_CTX *context, const char *list);
long cp_ssl_ctx_session_cache_off(SSL_CTX *context);
long cp_ssl_ctx_set_server_name_callback(SSL_CTX *context, int (*callback)(SSL *, int *, void *), void *argument);
long cp_ssl_set_server_name(SSL *session, const char *name);

/* OpenSSL: a BIO of one's own. */
void cp_bio_set_retry_read(BIO *bio);
void cp_bio_clear_retry(BIO *bio);

/* OpenSSL: the names in a certificate. */
int cp_general_names_count(const GENERAL_NAMES *names);
const GENERAL_NAME *cp_general_names_at(const GENERAL_NAMES *names, int index);
/* NULL where the name is not a DNS name. */
const ASN1_IA5STRING *cp_general_name_dns(const GENERAL_NAME *name);

/* epoll: its event's data is a union of a packed struct, which Swift cannot address. */
int cp_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t data);
uint64_t cp_epoll_event_data(const struct epoll_event *event);
uint32_t cp_epoll_event_mask(const struct epoll_event *event);

/* accept4, which hides behind _GNU_SOURCE: non-blocking and closed on exec. */
int cp_accept(int listener, struct sockaddr *address, socklen_t *length);
