/// Which of the words that are known here was probably meant.
enum Suggestion {
    /// For a key: the same word in another spelling, then what other gateways call it, then the nearest by spelling.
    static func key(for word: String, among keys: [String]) -> String? {
        let plain = plain(word)
        if let same = keys.first(where: { Self.plain($0) == plain }) { return same }
        if let ours = peersWords[plain]?.first(where: keys.contains) { return ours }
        return nearest(to: word, among: keys)
    }

    /// For a value that is one of a few words: what other gateways and plain English call it, then the nearest by spelling,
    /// then the one that stands within it (`TLSv1.2`).
    static func value(for word: String, among words: [String]) -> String? {
        let plain = plain(word)
        if let same = words.first(where: { Self.plain($0) == plain }) { return same }
        if let ours = otherValues[plain]?.first(where: words.contains) { return ours }
        if let near = nearest(to: word, among: words) { return near }
        let within = words.filter { $0.utf8.count > 2 && plain.contains(Self.plain($0)) }
        return within.count == 1 ? within[0] : nil
    }

    /// The nearest by spelling; nil where none is near.
    static func nearest(to word: String, among words: [String]) -> String? {
        let plain = plain(word)
        let letters = Array(plain.unicodeScalars.prefix(64))
        // In three letters two changes can make any word out of any other.
        let limit = letters.count <= 3 ? 1 : max(2, letters.count / 3)
        var best: (word: String, distance: Int)?
        for candidate in words {
            let distance = distance(letters, Array(Self.plain(candidate).unicodeScalars.prefix(64)))
            if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.word
    }

    /// Insertions, deletions, substitutions and swaps of neighbours.
    static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var beforePrevious = [Int](repeating: 0, count: right.count + 1)
        var previous = Array(0...right.count)
        for i in left.indices {
            var current = [i + 1]
            for j in right.indices {
                let substituted = previous[j] + (left[i] == right[j] ? 0 : 1)
                var best = min(substituted, previous[j + 1] + 1, current[j] + 1)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    best = min(best, beforePrevious[j - 1] + 1)
                }
                current.append(best)
            }
            beforePrevious = previous
            previous = current
        }
        return previous[right.count]
    }

    /// `pathPrefix`, `path-prefix` and `PATH_PREFIX` are one word.
    private static func plain(_ word: String) -> String {
        word.prefix(100).lowercased().filter { $0 != "_" && $0 != "-" }
    }

    /// Other words for values: the first one that may stand there.
    private static let otherValues: [String: [String]] = [
        "yes": ["true"], "on": ["true", "enforce"], "1": ["true"], "enabled": ["true", "enforce"],
        "no": ["false"], "off": ["false", "strip"], "0": ["false"], "disabled": ["false", "strip"], "none": ["strip"],
        "dryrun": ["shadow"], "monitor": ["shadow"], "audit": ["shadow"], "report": ["shadow"], "logonly": ["shadow"],
        "optional": ["request"], "want": ["request"], "need": ["require"], "required": ["require"],
        "mandatory": ["require"], "server": ["upstream"], "backend": ["upstream"], "downstream": ["client"],
        "browser": ["client"], "any": ["both"], "all": ["both"], "ip": ["address"], "user": ["subject"],
        "socket": ["connection"], "disconnect": ["close"], "terminate": ["close"], "kill": ["close"],
        "reject": ["close", "deny"], "deny": ["close", "drop"], "block": ["close", "deny"], "ignore": ["drop"],
        "discard": ["drop"], "throttle": ["delay"], "wait": ["delay"], "permit": ["allow"], "accept": ["allow"],
        "pass": ["allow", "passthrough"], "ed25519": ["EdDSA"], "double": ["number"], "float": ["number"],
        "int": ["integer"], "bool": ["boolean"], "list": ["array"], "mapping": ["object"],
    ]

    /// Words of Traefik, Envoy, HAProxy, nginx, Caddy, Kong, APISIX and Centrifugo, and what they are called here: the
    /// first one that is a key where the word stands.
    private static let peersWords: [String: [String]] = [
        // The sections.
        "entrypoints": ["listeners"], "frontends": ["listeners"], "frontend": ["listeners"],
        "servers": ["listeners", "endpoints"],
        "server": ["listeners", "endpoints"], "services": ["upstreams"], "clusters": ["upstreams"],
        "backends": ["upstreams"], "pools": ["upstreams"], "routers": ["routes"], "rules": ["routes", "messages"],
        "providers": ["token_issuers", "issuers"], "issuers": ["token_issuers"], "jwtproviders": ["token_issuers"],
        // A listener.
        "address": ["url"], "bind": ["address"], "listen": ["address"], "addr": ["address"],
        "certfile": ["certificate"],
        "cert": ["certificate"], "sslcertificate": ["certificate"], "keyfile": ["private_key"], "key": ["private_key"],
        "sslcertificatekey": ["private_key"], "sslprotocols": ["minimum_version"], "minversion": ["minimum_version"],
        "trustedips": ["trusted_proxies"], "setrealipfrom": ["trusted_proxies"],
        "acceptproxy": ["proxy_protocol"], "sendproxy": ["proxy_protocol"], "useproxyprotocol": ["proxy_protocol"],
        "proxyheader": ["proxy_protocol"],
        "clientauth": ["client_certificates", "mode"], "clientca": ["client_certificates"],
        "sslclientcertificate": ["client_certificates"], "sslverifyclient": ["client_certificates"],
        "ca": ["authority"], "cafile": ["authority", "ca"], "cafiles": ["authority", "ca"], "authority": ["ca"],
        "maxheadersize": ["header_bytes"], "largeclientheaderbuffers": ["header_bytes"],
        "draintimeout": ["drain_window"], "shutdowntimeout": ["drain_window"], "graceperiod": ["drain_window"],
        "maxconn": ["connections", "maximum", "connection_limit"],
        "maxconnections": ["connections", "maximum", "connection_limit"],
        // An upstream.
        "url": ["endpoints"], "uri": ["url"], "authurl": ["url"], "urls": ["endpoints"], "targets": ["endpoints"],
        "nodes": ["endpoints"],
        "loadbalancer": ["endpoints"], "dialtimeout": ["connect_timeout"],
        // A route.
        "service": ["upstream"], "cluster": ["upstream"], "backend": ["upstream"], "proxypass": ["upstream"],
        "middlewares": ["middleware"], "plugins": ["middleware"], "filters": ["middleware", "messages"],
        "domains": ["hosts"], "servername": ["hosts"], "hostnames": ["hosts"],
        "prefix": ["path_prefix", "subprotocol"],
        "anonymous": ["public"], "clientmaxpayload": ["message_bytes"], "upstreammaxpayload": ["message_bytes"],
        "maxpayload": ["message_bytes"], "messagesizelimit": ["message_bytes"], "maxmessagesize": ["message_bytes"],
        "clientqueuemaxsize": ["buffered_bytes"], "bufferlimit": ["buffered_bytes"],
        "maxbackpressure": ["buffered_bytes"],
        "idletimeout": ["idle"], "proxyreadtimeout": ["idle"], "readtimeout": ["idle"], "streamidletimeout": ["idle"],
        "heartbeat": ["ping_interval"], "keepalive": ["ping_interval"], "pingtimeout": ["pong_timeout"],
        "streamtimeout": ["lifetime"], "maxstreamduration": ["lifetime"], "streamclosedelay": ["close"],
        "permessagedeflate": ["compression"],
        // Middleware.
        "ipallowlist": ["ip_filter"], "ipwhitelist": ["ip_filter"], "iprestriction": ["ip_filter"],
        "rbac": ["ip_filter"],
        "ratelimit": ["connection_rate", "message_rate"], "localratelimit": ["connection_rate"],
        "limitreq": ["connection_rate"], "limitrate": ["byte_rate"], "bandwidth": ["byte_rate"],
        "limitcount": ["connection_rate"], "inflightreq": ["connection_limit"], "limitconn": ["connection_limit"],
        "cors": ["origin"], "allowedorigins": ["allow", "origin"], "checkorigin": ["origin"], "jwt": ["token"],
        "jwtauthn": ["token"], "jwtauth": ["token"], "authentication": ["token"], "forwardauth": ["authorize"],
        "authrequest": ["authorize"], "extauthz": ["authorize"], "auth": ["authorize"], "authorization": ["authorize"],
        "setheaders": ["headers"],
        "proxyrewrite": ["headers"],
        "requestheaders": ["copy_request_headers"], "authrequestheaders": ["copy_request_headers"],
        "allowedheaders": ["copy_request_headers"], "authresponseheaders": ["copy_response_headers"],
        "upstreamheaders": ["copy_response_headers"], "copyheaders": ["copy_response_headers"],
        "responseheaders": ["copy_response_headers"], "lifetime": ["ttl"],
        "overflow": ["on_exceed"], "sourcerange": ["allow"], "allowlist": ["allow"], "whitelist": ["allow"],
        "origins": ["allow"],
        "denylist": ["deny"], "blacklist": ["deny"], "blocklist": ["deny"],
        "average": ["rate"], "period": ["rate"], "requests": ["rate"], "amount": ["maximum"], "limit": ["maximum"],
        "fromheaders": ["from"], "fromparams": ["from"], "fromcookies": ["from"], "audiences": ["audience"],
        "customrequestheaders": ["request"], "customresponseheaders": ["response"], "shadowrules": ["mode"],
        "shadow": ["mode"], "dryrun": ["mode"], "hidecredentials": ["remove"],
        // Message rules.
        "if": ["when"], "condition": ["when"], "then": ["do"], "action": ["do", "on_exceed"], "direction": ["from"],
    ]
}
