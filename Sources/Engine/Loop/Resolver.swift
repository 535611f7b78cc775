internal import Glibc
package import PolicyModel

/// The system's name resolution, which blocks its thread.
package enum Resolver {
    /// The addresses of `host`, in the order in which the system wants them tried; empty where there are none.
    package static func addresses(of host: String) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>? = nil
        guard unsafe getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        // The list is getaddrinfo's until it is freed below; each address is copied out of it.
        defer { unsafe freeaddrinfo(list) }
        var result: [IPAddress] = []
        var next = unsafe list
        while let entry = unsafe next?.pointee {
            if let address = unsafe entry.ai_addr {
                let bytes = unsafe UnsafeRawBufferPointer(start: address, count: Int(entry.ai_addrlen))
                if let address = unsafe Socket.address(in: bytes), !result.contains(address.ip) { result.append(address.ip) }
            }
            unsafe next = entry.ai_next
        }
        return result
    }
}
