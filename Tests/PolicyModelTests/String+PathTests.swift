import PolicyModel
import Testing

@Suite struct StringPathTests {
    @Test(
        "a relative path is relative to the folder, and an absolute one is what it is",
        arguments: [
            ("/etc/ca.pem", "/srv", "/etc/ca.pem"), ("ca.pem", "/srv", "/srv/ca.pem"),
            ("../ca.pem", ".", "./../ca.pem"), ("/", "/srv", "/"),
        ])
    func resolved(_ path: String, _ folder: String, _ place: String) {
        #expect(path.resolved(in: folder) == place)
    }
}
