import Testing

@testable import PolicyFile

struct AddressDecoderTests {
    @Test(
        "addresses to listen on",
        arguments: PolicyCase.table(
            .listener,
            #"""
            == address with IPv6 and any port
            address: "[::]:0"
            tls: { certificates: [{ certificate: a, private_key: b }] }
            ----
            front [::]:0 TLS 1.2
            certificates ["a+b"]
            proxies none, admission 0
            limits 10000 16384 10.0 seconds 30.0 seconds
            == address without a host
            address: :8443
            tls: { certificates: [{ certificate: a, private_key: b }] }
            ----
            1:10: error: `address` must be an IP address and a port, such as 0.0.0.0:8443 or [::]:8443, not `:8443`; for all addresses write 0.0.0.0:8443
            == address with a star
            address: "*:8443"
            tls: { certificates: [{ certificate: a, private_key: b }] }
            ----
            1:10: error: `address` must be an IP address and a port, such as 0.0.0.0:8443 or [::]:8443, not `*:8443`; for all addresses write 0.0.0.0:8443
            == address by name
            address: localhost:8443
            tls: { certificates: [{ certificate: a, private_key: b }] }
            ----
            1:10: error: `address` must be an IP address and a port, such as 0.0.0.0:8443 or [::]:8443, not `localhost:8443`; write 127.0.0.1:8443
            == address without a port
            address: 8443
            tls: { certificates: [{ certificate: a, private_key: b }] }
            ----
            1:10: error: `address` must be an IP address and a port, such as 0.0.0.0:8443 or [::]:8443, not `8443`; for all addresses write 0.0.0.0:8443
            == address of IPv6 without brackets
            address: "::1"
            tls: { certificates: [{ certificate: a, private_key: b }] }
            ----
            1:10: error: `address` must be an IP address and a port, such as 0.0.0.0:8443 or [::]:8443, not `::1`; an IPv6 address needs brackets: [::1]:8443
            == address with a port out of range
            address: 127.0.0.1:65536
            tls: { certificates: [{ certificate: a, private_key: b }] }
            ----
            1:10: error: `address` must be an IP address and a port, such as 0.0.0.0:8443 or [::]:8443, not `127.0.0.1:65536`
            == address with a sign
            address: 127.0.0.1:+80
            tls: { certificates: [{ certificate: a, private_key: b }] }
            ----
            1:10: error: `address` must be an IP address and a port, such as 0.0.0.0:8443 or [::]:8443, not `127.0.0.1:+80`
            """#))
    func addresses(_ policy: PolicyCase) { policy.check() }

    @Test(
        "blocks",
        arguments: PolicyCase.table(
            .middleware,
            #"""
            == blocks that are none
            - ip_filter: { deny: [example.com, 10.0.0.0/33, "2001:db8::/129", 10.0.0.1/8, "2001:db8::1/32", 1.2.3, 10.0.0.0/] }
            ----
            1:23: error: `example.com` is no IP address or block such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32
            1:36: error: `10.0.0.0/33` needs a prefix from 0 to 32 behind its slash
            1:49: error: `2001:db8::/129` needs a prefix from 0 to 128 behind its slash
            1:67: error: `10.0.0.1/8` has bits set behind its prefix; write 10.0.0.0/8 for the block, or 10.0.0.1 for the one address
            1:79: error: `2001:db8::1/32` has bits set behind its prefix; write 2001:db8::/32 for the block, or 2001:db8::1 for the one address
            1:97: error: `1.2.3` is no IP address or block such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32
            1:104: error: `10.0.0.0/` needs a prefix from 0 to 32 behind its slash
            == blocks of other kinds
            - ip_filter: { deny: [10, [10.0.0.0/8], ~] }
            ----
            1:23: error: `10` is no IP address or block such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32
            1:27: error: `deny` must be a text, not a list
            1:41: error: `deny` has no value
            == blocks without a list
            - ip_filter: { deny: 10.0.0.0/8 }
            ----
            1:22: error: `deny` must be a list, not `10.0.0.0/8`
            """#))
    func blocks(_ policy: PolicyCase) { policy.check() }
}
