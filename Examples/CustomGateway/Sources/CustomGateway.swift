import Portcullis

/// The gateway, with a middleware and a message filter more.
@main
struct CustomGateway {
    static func main() {
        Gateway.main(middleware: [OfficeHours.self], filters: [WordMask.self])
    }
}
