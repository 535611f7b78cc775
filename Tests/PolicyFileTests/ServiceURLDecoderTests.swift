import Testing

@testable import PolicyFile

struct ServiceURLDecoderTests {
    @Test(
        "urls of services",
        arguments: PolicyCase.table(
            .door,
            #"""
            == urls
            - authorize: { url: "HTTPS://Auth.example.com:8443/a?b=c" }
            - authorize: { url: "http://[::1]:9100" }
            - authorize: { url: "http://10.0.0.7/check" }
            ----
            authorize https://Auth.example.com:8443/a?b=c within 5.0 seconds shows ["Authorization", "Cookie"] takes []
            authorize http://[::1]:9100 within 5.0 seconds shows ["Authorization", "Cookie"] takes []
            authorize http://10.0.0.7/check within 5.0 seconds shows ["Authorization", "Cookie"] takes []
            == urls that are wrong
            - authorize: { url: "127.0.0.1:9100/check" }
            - authorize: { url: "ftp://a.example" }
            - authorize: { url: "https://user:s3cret@a.example/" }
            - authorize: { url: "https://user:s3cret@a.example\\x/ y" }
            - authorize: { url: "https://a.example/#x" }
            - authorize: { url: "https://a.example/a b" }
            - authorize: { url: "https://a.example\\@b.example/" }
            - authorize: { url: "https://a.example:0/" }
            - authorize: { url: "https://a.example:99999/" }
            - authorize: { url: "https:///check" }
            - authorize: { url: "https://a..example/" }
            - authorize: { url: 5 }
            - authorize: { url: }
            ----
            1:21: error: `url` is https://HOST[:PORT]/PATH, or http://, not `127.0.0.1:9100/check`; write `https://127.0.0.1:9100/check`
            2:21: error: `url` is https://HOST[:PORT]/PATH, or http://, not `ftp://a.example`
            3:21: error: `url` has no user name and no password
            4:21: error: `url` has no user name and no password
            5:21: error: `url` has no spaces, controls, backslashes and no fragment: `https://a.example/#x`
            6:21: error: `url` has no spaces, controls, backslashes and no fragment: `https://a.example/a b`
            7:21: error: `url` has no spaces, controls, backslashes and no fragment: `https://a.example\@b.example/`
            8:21: error: `https://a.example:0/` needs a port from 1 to 65535
            9:21: error: `https://a.example:99999/` needs a port from 1 to 65535 behind its last colon; IPv6 goes in brackets
            10:21: error: the host is missing
            11:21: error: `a..example` is no host name and no IP address
            12:21: error: `url` is https://HOST[:PORT]/PATH, or http://, not `5`; write `https://5`
            13:21: error: `url` has no value
            """#))
    func urls(_ policy: PolicyCase) { policy.check() }
}
