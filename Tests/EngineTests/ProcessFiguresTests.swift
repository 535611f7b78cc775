import Glibc
import Testing

@testable import Engine

@Suite struct ProcessFiguresTests {
    @Test("memory, descriptors and processor time of this process")
    func figures() throws {
        var counts = Counts()
        ProcessFigures().add(to: &counts)
        #expect(counts[.residentMemory] ?? 0 > 1 << 20)
        #expect(counts[.cpuSeconds] ?? 0 > 0)
        let (open, maximum) = (try #require(counts[.openDescriptors]), try #require(counts[.maximumDescriptors]))
        #expect(open >= 3 && open < maximum)
    }
}
