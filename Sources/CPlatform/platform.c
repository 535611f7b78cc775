#define _GNU_SOURCE
#include "CPlatform.h"
#include <fcntl.h>
#include <malloc.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

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

long cp_ssl_ctx_read_ahead(SSL_CTX *context) { return SSL_CTX_set_read_ahead(context, 1); }

long cp_ssl_ctx_set_server_name_callback(SSL_CTX *context, int (*callback)(SSL *, int *, void *), void *argument) {
    SSL_CTX_set_tlsext_servername_arg(context, argument);
    return SSL_CTX_set_tlsext_servername_callback(context, callback);
}

long cp_ssl_set_server_name(SSL *session, const char *name) { return SSL_set_tlsext_host_name(session, name); }

long cp_ssl_ctx_set_longest_chain(SSL_CTX *context, long bytes) { return SSL_CTX_set_max_cert_list(context, bytes); }

long cp_ssl_ctx_set_verify_store(SSL_CTX *context, X509_STORE *store) {
    return SSL_CTX_set1_verify_cert_store(context, store);
}

int cp_error_is_missing_certificate(unsigned long error) {
    return ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE;
}

int cp_ssl_ctx_data_index(CRYPTO_EX_free *release) { return SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, release); }

int cp_mac_set_sha256_key(EVP_MAC_CTX *mac, void *key, size_t length) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, "SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key, length),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, parameters);
}

int cp_certificate_is_over(const X509 *certificate) {
    return X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0;
}

int cp_error_is_end_of_pem(unsigned long error) {
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

int cp_add_rsa_numbers(OSSL_PARAM_BLD *builder, const BIGNUM *modulus, const BIGNUM *exponent) {
    return OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
           OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1;
}

int cp_add_point(OSSL_PARAM_BLD *builder, const char *curve, const void *point, size_t length) {
    return OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) == 1 &&
           OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, length) == 1;
}

int cp_public_key_selection(void) { return EVP_PKEY_PUBLIC_KEY; }

unsigned long cp_name_flags_rfc2253(void) { return XN_FLAG_RFC2253; }

STACK_OF(X509_NAME) *cp_names_make(void) { return sk_X509_NAME_new_null(); }

int cp_names_add_subject(STACK_OF(X509_NAME) *names, const X509 *certificate) {
    X509_NAME *copy = X509_NAME_dup(X509_get_subject_name(certificate));
    if (copy != NULL && sk_X509_NAME_push(names, copy) > 0) return 1;
    X509_NAME_free(copy);
    return 0;
}

STACK_OF(X509_NAME) *cp_names_copy(const STACK_OF(X509_NAME) *names) { return SSL_dup_CA_list(names); }

void cp_names_free(STACK_OF(X509_NAME) *names) { sk_X509_NAME_pop_free(names, X509_NAME_free); }

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

int cp_name_thread(pthread_t thread, const char *name) {
    char kept[16];
    strncpy(kept, name, sizeof kept - 1);
    kept[sizeof kept - 1] = 0;
    return pthread_setname_np(thread, kept);
}

void cp_ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }

int cp_signal_descriptor(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    cp_ignore_broken_pipes();
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int cp_next_signal(int descriptor) {
    struct signalfd_siginfo info;
    return read(descriptor, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

int cp_accept(int listener, struct sockaddr *address, socklen_t *length) {
    return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int cp_replace_descriptor(int kept, int number) { return dup3(number, kept, O_CLOEXEC) == kept; }

int cp_peer_credentials(int descriptor, pid_t *process, uid_t *user) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return -1;
    *process = credentials.pid;
    *user = credentials.uid;
    return 0;
}

void cp_give_memory_back(void) { malloc_trim(0); }
