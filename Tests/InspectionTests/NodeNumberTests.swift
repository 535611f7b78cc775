import Inspection
import Testing

@Suite struct NodeNumberTests {
    @Test(
        "numbers compare by value, whole ones of 64 bits exactly",
        arguments: [
            ("1", "2"), ("-2", "-1"), ("-1", "1"), ("1", "1.5"), ("-1.5", "-1"), ("0.1", "0.2"),
            ("9007199254740992", "9007199254740993"), ("9223372036854775807", "9223372036854775808"),
            ("9223372036854775806", "9223372036854775807"), ("18446744073709551614", "18446744073709551615"),
            ("18446744073709551615", "18446744073709551616"), ("-9223372036854775809e1", "-9223372036854775808"),
            ("9007199254740992.5e1", "90071992547409926"), ("4503599627370495.5", "4503599627370496"),
            ("1e300", "1e301"),
            ("-1e301", "-1e300"), ("9223372036854775807", "1e19"), ("-1e19", "-9223372036854775808"), ("0", "1e-300"),
            ("18446744073709551615", "1e20"), ("-1e20", "18446744073709551615"),
        ])
    func order(_ less: String, _ greater: String) throws {
        #expect(try outcome(less, #"{"maximum":\#(less),"minimum":\#(less)}"#) == .valid)
        #expect(try outcome(less, #"{"maximum":\#(greater)}"#) == .valid)
        #expect(try outcome(less, #"{"exclusiveMaximum":\#(greater)}"#) == .valid)
        #expect(try outcome(less, #"{"minimum":\#(greater)}"#) == violation("", .minimum))
        #expect(try outcome(less, #"{"exclusiveMinimum":\#(greater)}"#) == violation("", .exclusiveMinimum))
        #expect(try outcome(greater, #"{"maximum":\#(less)}"#) == violation("", .maximum))
        #expect(try outcome(greater, #"{"exclusiveMaximum":\#(less)}"#) == violation("", .exclusiveMaximum))
        #expect(try outcome(greater, #"{"minimum":\#(less),"exclusiveMinimum":\#(less)}"#) == .valid)
        for keyword in [SchemaKeyword.exclusiveMinimum, .exclusiveMaximum] {
            #expect(try outcome(less, #"{"\#(keyword.rawValue)":\#(less)}"#) == violation("", keyword))
        }
    }

    @Test(
        "what is the same number, however it is written",
        arguments: [
            ("1", "1.0"), ("1", "10e-1"), ("0", "-0"), ("0", "-0.0e5"), ("-1.5", "-15e-1"), ("1e3", "1000"),
            ("123456789012345678901234567890", "1.2345678901234567890123456789e29"),
            ("18446744073709551615", "18446744073709551615.0"),
            ("-9223372036854775808", "-9.223372036854775808e18"), ("0.1", "0.10"), ("1e-400", "0.1e-400"),
            ("1e-400", "-1e-400"),
        ])
    func same(_ one: String, _ other: String) throws {
        #expect(try outcome(one, #"{"const":\#(other)}"#) == .valid)
        #expect(try outcome(other, #"{"enum":["",\#(one)]}"#) == .valid)
        #expect(try outcome("[\(one),\(other)]", #"{"uniqueItems":true}"#) == violation("", .uniqueItems))
    }

    @Test(
        "what is not the same number",
        arguments: [
            ("9007199254740992", "9007199254740993"), ("18446744073709551615", "18446744073709551614"), ("1", "1.5"),
            ("1", "true"), ("0", "false"), ("0", "null"), ("1", "\"1\""), ("9007199254740993", "9007199254740992.0"),
            ("1", "0.99999999999999999999999"), ("1", "-1"),
        ])
    func different(_ one: String, _ other: String) throws {
        #expect(try outcome(one, #"{"const":\#(other)}"#) == violation("", .constant))
        #expect(try outcome("[\(one),\(other)]", #"{"uniqueItems":true}"#) == .valid)
    }

    @Test("a number past the range of doubles is no integer, and above or below all bounds")
    func infinite() throws {
        #expect(try outcome("1e400", #"{"type":"integer"}"#) == violation("", .type))
        #expect(try outcome("1e400", #"{"type":"number"}"#) == .valid)
        #expect(try outcome("1e400", #"{"maximum":1e308}"#) == violation("", .maximum))
        #expect(try outcome("-1e400", #"{"minimum":-1e308}"#) == violation("", .minimum))
        #expect(try outcome("1e400", #"{"minimum":18446744073709551615}"#) == .valid)
    }
}
