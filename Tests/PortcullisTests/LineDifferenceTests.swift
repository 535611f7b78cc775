import Testing

@testable import Portcullis

struct LineDifferenceTests {
    @Test("what only one of them has, and two lines around it")
    func difference() {
        let expected = ["{", "a", "b", "c", "d", "e", "f", "}"]
        let actual = ["{", "a", "b", "c", "d", "E", "f", "}"]
        #expect(
            LineDifference(expected: expected, actual: actual).lines == [
                .left(3), .same("c"), .same("d"), .onlyExpected("e"), .onlyActual("E"), .same("f"), .same("}"),
            ])
    }

    @Test("lines at either end")
    func ends() {
        #expect(
            LineDifference(expected: ["a", "b"], actual: ["b", "c"]).lines == [
                .onlyExpected("a"), .same("b"), .onlyActual("c"),
            ])
        #expect(LineDifference(expected: [], actual: ["c"]).lines == [.onlyActual("c")])
        #expect(LineDifference(expected: ["a"], actual: []).lines == [.onlyExpected("a")])
        #expect(LineDifference(expected: [], actual: []).lines == [])
    }

    @Test("what is in two places is left out in both")
    func gaps() {
        let same = (0..<9).map { "\($0)" }
        let lines = LineDifference(expected: ["x"] + same + ["y"], actual: ["X"] + same + ["Y"]).lines
        #expect(lines.filter { $0 == .left(5) }.count == 1)
        #expect(lines.count == 9)
    }

    @Test("what is too long is not compared")
    func long() {
        let lines = Array(repeating: "a", count: 5001)
        #expect(LineDifference(expected: lines, actual: []).lines == [])
    }
}
