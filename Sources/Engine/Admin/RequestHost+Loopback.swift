internal import PolicyModel
internal import WebSocketProtocol

extension RequestHost {
    /// Whether it names this machine, without DNS being asked: `localhost`, or a loopback address.
    var isLoopback: Bool { name == "localhost" || IPAddress(name)?.isLoopback == true }
}
