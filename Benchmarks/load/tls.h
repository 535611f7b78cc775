// The client side of TLS 1.3. The proxy's certificate is not verified: that would be work of the client's, and only the
// proxy is measured.

#ifndef TLS_H
#define TLS_H

#include <openssl/ssl.h>

// The context of all sessions. A session's application data is its `struct client`, which gets its tickets.
SSL_CTX *tls_context(void);

#endif
