#pragma once
/* C macros as functions, and what Swift cannot call or be called by: no logic but for the buffers that OpenSSL keeps. */

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
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
/* All that has come is read at once, rather than each record's header and body by themselves. */
long cp_ssl_ctx_read_ahead(SSL_CTX *context);
long cp_ssl_ctx_set_server_name_callback(SSL_CTX *context, int (*callback)(SSL *, int *, void *), void *argument);
long cp_ssl_set_server_name(SSL *session, const char *name);
long cp_ssl_ctx_set_longest_chain(SSL_CTX *context, long bytes);
/* For the peers' certificates alone: the context's other store completes its own chain. */
long cp_ssl_ctx_set_verify_store(SSL_CTX *context, X509_STORE *store);
/* 1 where the error is that the peer has shown no certificate. */
int cp_error_is_missing_certificate(unsigned long error);
/* An index for data of an SSL_CTX, which `release` gives back with it. */
int cp_ssl_ctx_data_index(CRYPTO_EX_free *release);
/* Makes an HMAC-SHA256 of `mac` (its parameters refer to C strings, which must outlive them). */
int cp_mac_set_sha256_key(EVP_MAC_CTX *mac, void *key, size_t length);
/* 1 where the certificate's time is over, or cannot be read. */
int cp_certificate_is_over(const X509 *certificate);
/* 1 where it says that a PEM file holds nothing more. */
int cp_error_is_end_of_pem(unsigned long error);
/* Add the numbers of a public key, under names that are C's own: the builder keeps pointers to names, and to the point. */
int cp_add_rsa_numbers(OSSL_PARAM_BLD *builder, const BIGNUM *modulus, const BIGNUM *exponent);
int cp_add_point(OSSL_PARAM_BLD *builder, const char *curve, const void *point, size_t length);
/* EVP_PKEY_PUBLIC_KEY, which Swift cannot read. */
int cp_public_key_selection(void);
/* XN_FLAG_RFC2253, which Swift cannot read. */
unsigned long cp_name_flags_rfc2253(void);

/* OpenSSL: memory for records, which each thread keeps; 0 where OpenSSL has allocated already, and then it is malloc's. */
int cp_keep_record_buffers(void);

/* OpenSSL: lists of the names of authorities. */
STACK_OF(X509_NAME) *cp_names_make(void);
/* Adds a copy of the certificate's subject; 0 where there is no memory for it. */
int cp_names_add_subject(STACK_OF(X509_NAME) *names, const X509 *certificate);
STACK_OF(X509_NAME) *cp_names_copy(const STACK_OF(X509_NAME) *names);
void cp_names_free(STACK_OF(X509_NAME) *names);

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

/* Threads and signals: names are cut to what the kernel keeps; the descriptor brings TERM, INT, HUP and
   USR1, blocked otherwise. */
int cp_name_thread(pthread_t thread, const char *name);
int cp_signal_descriptor(void);
/* PIPE is ignored from here on. Its handler is a macro that Swift cannot read safely. */
void cp_ignore_broken_pipes(void);
/* The next signal that came through the descriptor; 0 where there is none. */
int cp_next_signal(int descriptor);

/* accept4, which hides behind _GNU_SOURCE: non-blocking and closed on exec. */
int cp_accept(int listener, struct sockaddr *address, socklen_t *length);

/* Has the number `kept` stand for what `number` stands for, closed on exec; 0 where it could not be done. */
int cp_replace_descriptor(int kept, int number);

/* Whose process has connected a Unix socket, by SO_PEERCRED, which hides there, too; -1 where that is not known. */
int cp_peer_credentials(int descriptor, pid_t *process, uid_t *user);

/* Gives memory that is free back to the system. Swift's Glibc leaves malloc.h out. */
void cp_give_memory_back(void);
