import Testing

struct RedundantBlocksTests {
    @Test(
        "blocks that change nothing",
        arguments: PolicyCase.table(
            PolicyCase.Frame.middleware.withWarnings,
            #"""
            == twice, and within another
            - ip_filter: { deny: [10.1.0.0/16, 10.0.0.0/8, 10.1.2.3, 192.0.2.7, 192.0.2.7/32, "2001:db8::/32", "2001:db8::1"] }
            ----
            1:23: warning: `10.1.0.0/16` is a part of `10.0.0.0/8`, which stands in the same list; leave it out
            1:48: warning: `10.1.2.3` is a part of `10.1.0.0/16`, which stands in the same list; leave it out
            1:69: warning: `192.0.2.7` stands in this list twice; remove one of them
            1:100: warning: `2001:db8::1` is a part of `2001:db8::/32`, which stands in the same list; leave it out
            ip_filter allow absent, deny some
            == side by side
            - ip_filter: { allow: [10.0.0.0/9, 10.128.0.0/9, 0.0.0.0/32, "::/128"], deny: [10.0.0.0/16] }
            ----
            ip_filter allow given, deny some
            == all that is allowed is denied
            - ip_filter: { allow: [10.0.0.0/24, "2001:db8::1"], deny: [10.0.0.0/25, 10.0.0.128/25, "2001:db8::/32"] }
            ----
            1:23: warning: nobody gets past this `ip_filter`: `deny` names every address that `allow` does, and `deny` wins
            ip_filter allow given, deny some
            == some of what is allowed is denied
            - ip_filter: { allow: [10.0.0.0/24, 192.0.2.0/24], deny: [10.0.0.0/8] }
            ----
            1:24: warning: `10.0.0.0/24` is in `deny`, too, which wins: nobody comes in by it
            ip_filter allow given, deny some
            == a part of what is allowed is denied
            - ip_filter: { allow: [10.0.0.0/8], deny: [10.0.0.0/24] }
            ----
            ip_filter allow given, deny some
            == nothing at all
            - ip_filter: { deny: [] }
            ----
            1:22: warning: `deny` is empty and there is no `allow`, so this `ip_filter` keeps nobody out
            ip_filter allow absent, deny none
            == nothing is said of lists that could not be read
            - ip_filter: { allow: [10.0.0.0/24, 10.0.0.0/24, 10.0.0.0/33], deny: [10.0.0.0/8] }
            ----
            1:50: error: `10.0.0.0/33` needs a prefix from 0 to 32 behind its slash
            == origins
            - origin: { allow: ["https://*.example.com", "https://a.example.com", "https://a.example.com:8443", "HTTPS://b.org", "https://b.org:443", "http://a.example.com"] }
            ----
            1:46: warning: `https://a.example.com` is below `https://*.example.com:443` of the same list; leave it out
            1:118: warning: `https://b.org:443` stands in this list twice; remove one of them
            origin [https://*.example.com:443, https://a.example.com:443, https://a.example.com:8443, https://b.org:443, https://b.org:443, http://a.example.com:80] missing denied
            """#))
    func blocks(_ policy: PolicyCase) { policy.check() }

    @Test(
        "proxies that are everybody",
        arguments: PolicyCase.table(
            PolicyCase.Frame.listener.withWarnings,
            #"""
            == all addresses
            address: 127.0.0.1:8443
            tls: { certificates: [{ certificate: a, private_key: b }] }
            trusted_proxies: [10.0.0.0/8, 0.0.0.0/0]
            proxy_protocol: ["::/0"]
            ----
            3:19: warning: `10.0.0.0/8` is a part of `0.0.0.0/0`, which stands in the same list; leave it out
            3:31: warning: `0.0.0.0/0` is everybody: any client could say by X-Forwarded-For that it has another address; name the proxies' own
            4:18: warning: `::/0` is everybody: any client could say by a PROXY header that it has another address; name the proxies' own
            front 127.0.0.1:8443 TLS 1.2
            certificates ["a+b"]
            proxies some, balancers some, admission 0
            limits 10000 16384 10.0 seconds 30.0 seconds
            """#))
    func proxies(_ policy: PolicyCase) { policy.check() }
}
