import Testing

@testable import PolicyFile

struct ListenerDecoderTests {
    @Test(
        "listeners",
        arguments: PolicyCase.table(
            .listener,
            #"""
            == listener with all keys
            address: 0.0.0.0:8443
            tls:
              certificates:
                - { certificate: certs/a.pem, private_key: certs/a.key }
                - { certificate: certs/b.pem, private_key: certs/b.key }
              minimum_version: 1.3
            trusted_proxies: [10.0.0.0/8]
            proxy_protocol: [192.0.2.1, 192.0.2.2]
            admission:
              - ip_filter: { deny: [203.0.113.0/24] }
              - connection_rate: { rate: 50/1s, burst: 100 }
            limits: { connections: 500, header_bytes: 8KiB, handshake_timeout: 3s, drain_window: 1m }
            ----
            front 0.0.0.0:8443 TLS 1.3
            certificates ["certs/a.pem+certs/a.key", "certs/b.pem+certs/b.key"]
            proxies some, balancers some, admission 2
            limits 500 8192 3.0 seconds 60.0 seconds
            == listener with defaults
            address: 0.0.0.0:8443
            tls: { certificates: [{ certificate: a.pem, private_key: a.key }] }
            ----
            front 0.0.0.0:8443 TLS 1.2
            certificates ["a.pem+a.key"]
            proxies none, admission 0
            limits 10000 16384 10.0 seconds 30.0 seconds
            == listener without anything
            {}
            ----
            1:1: error: a listener needs `address`, such as `address: 0.0.0.0:8443`
            1:1: error: a listener needs `tls`
            == listener without certificates
            address: 0.0.0.0:8443
            tls: { minimum_version: "1.1" }
            ----
            2:6: error: `tls` needs `certificates`
            2:25: error: `minimum_version` must be `1.2` or `1.3`, not `1.1`; did you mean `1.2`?
            == listener with an empty list of certificates
            address: 0.0.0.0:8443
            tls: { certificates: [] }
            ----
            2:22: error: `certificates` is empty; a listener needs one certificate at least
            == certificates that are wrong
            address: 0.0.0.0:8443
            tls:
              certificates:
                - a.pem
                - certificate: a.pem
                - { certificate: "", private_key: "a\nb" }
                - certificate: |
                    -----BEGIN CERTIFICATE-----
                  private_key: a.key
            ----
            4:7: error: a certificate must be a mapping, with keys such as `certificate`, not `a.pem`
            5:7: error: a certificate needs `private_key`, such as `private_key: certs/server.key`
            6:22: error: `certificate` must not be empty
            6:39: error: `private_key` holds a control character, which no path should: `a\u{a}b`
            7:20: error: `certificate` is the path of a PEM file; keep what is in the file out of the policy
            == client certificates
            address: 0.0.0.0:8443
            tls:
              certificates: [{ certificate: a.pem, private_key: a.key }]
              client_certificates: { authority: c.pem, mode: request }
            ----
            front 0.0.0.0:8443 TLS 1.2
            certificates ["a.pem+a.key"], request of c.pem
            proxies none, admission 0
            limits 10000 16384 10.0 seconds 30.0 seconds
            == client certificates are required where nothing else is said
            address: 0.0.0.0:8443
            tls:
              certificates: [{ certificate: a.pem, private_key: a.key }]
              client_certificates: { authority: c.pem }
            ----
            front 0.0.0.0:8443 TLS 1.2
            certificates ["a.pem+a.key"], require of c.pem
            proxies none, admission 0
            limits 10000 16384 10.0 seconds 30.0 seconds
            == client certificates that are wrong
            address: 0.0.0.0:8443
            tls:
              certificates: [{ certificate: a.pem, private_key: a.key }]
              client_certificates: { mode: requests, depth: 3 }
            ----
            4:24: error: `client_certificates` needs `authority`, such as `authority: certs/clients.pem`
            4:32: error: `mode` must be `request` or `require`, not `requests`; did you mean `request`?
            4:42: error: unknown key `depth` in `client_certificates`; its keys are `authority`, `mode`
            == client certificates of another kind
            address: 0.0.0.0:8443
            tls:
              certificates: [{ certificate: a.pem, private_key: a.key }]
              client_certificates: require
            ----
            4:24: error: `client_certificates` must be a mapping, with keys such as `authority`, not `require`
            == client certificates in other gateways' words
            address: 0.0.0.0:8443
            tls:
              certificates: [{ certificate: a.pem, private_key: a.key }]
              clientAuth: { caFiles: c.pem }
            ----
            4:3: error: unknown key `clientAuth` in `tls`; did you mean `client_certificates`?
            == the authority of client certificates
            address: 0.0.0.0:8443
            tls:
              certificates: [{ certificate: a.pem, private_key: a.key }]
              client_certificates:
                authority: |
                  -----BEGIN CERTIFICATE-----
                clientAuth: require
            ----
            5:16: error: `authority` is the path of a PEM file; keep what is in the file out of the policy
            7:5: error: unknown key `clientAuth` in `client_certificates`; did you mean `mode`?
            == listener limits out of bounds
            address: 0.0.0.0:8443
            tls: { certificates: [{ certificate: a.pem, private_key: a.key }] }
            limits: { connections: 0, header_bytes: 512B, handshake_timeout: 0s, drain_window: 367d }
            ----
            3:24: error: `connections` must be from 1 to 1000000, not `0`
            3:41: error: `header_bytes` must be from 1KiB to 1MiB, not `512B`
            3:66: error: `handshake_timeout` must be above 0 and at most 366d, not `0s`
            3:84: error: `drain_window` must be above 0 and at most 366d, not `367d`
            == listener in other gateways' words
            bind: 0.0.0.0:8443
            address: 0.0.0.0:8443
            tls: { certificates: [{ cert: a.pem, keyFile: a.key }], minVersion: "1.2" }
            limits: { maxconn: 7 }
            ----
            1:1: error: unknown key `bind` in a listener; did you mean `address`?
            3:25: error: unknown key `cert` in a certificate; did you mean `certificate`?
            3:38: error: unknown key `keyFile` in a certificate; did you mean `private_key`?
            3:57: error: unknown key `minVersion` in `tls`; did you mean `minimum_version`?
            4:11: error: unknown key `maxconn` in a listener's `limits`; did you mean `connections`?
            """#))
    func listeners(_ policy: PolicyCase) { policy.check() }
}
