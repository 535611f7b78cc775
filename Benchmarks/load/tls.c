#include "tls.h"

#include "client.h"
#include "load.h"

// The tickets of TLS 1.3 come after the handshake. The latest one is the one to resume with.
static int keep_session(SSL *ssl, SSL_SESSION *session) {
    struct client *client = SSL_get_app_data(ssl);
    SSL_SESSION_free(client->session);
    client->session = session;
    return 1;
}

SSL_CTX *tls_context(void) {
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    if (!tls) fail("OpenSSL gives no context");
    SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
    // One cipher and one group, so that every proxy does the same work. They are what browsers ask for first.
    SSL_CTX_set_ciphersuites(tls, "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set1_groups_list(tls, "X25519");
    SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_read_ahead(tls, 1);
    SSL_CTX_set_default_read_buffer_len(tls, 64 * 1024);
    SSL_CTX_set_mode(
        tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(tls, keep_session);
    return tls;
}
