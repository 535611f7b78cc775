import Glibc
import Testing

@testable import Engine

@Suite struct DescriptorTests {
    @Test("is closed with its owner: the other end sees the end of the stream")
    func closes() throws {
        let (near, far) = try socketPair()
        let other = Descriptor(owning: far)
        do { _ = Descriptor(owning: near) }
        var byte: UInt8 = 0
        let count = unsafe recv(other.number, &byte, 1, 0)
        #expect(count == 0)
    }

    @Test("is not closed once it is given up")
    func release() throws {
        let (near, far) = try socketPair()
        let other = Descriptor(owning: far)
        let number = Descriptor(owning: near).release()
        #expect(number == near)
        var byte: UInt8 = 0
        let count = unsafe recv(other.number, &byte, 1, 0)
        #expect(count == -1)
        close(number)
    }
}
