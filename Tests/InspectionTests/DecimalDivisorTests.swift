import Inspection
import Testing

@Suite struct DecimalDivisorTests {
    @Test(
        "multiples are exact, on decimals as they are written",
        arguments: [
            ("0.01", "19.99", true), ("0.01", "19.999", false), ("0.01", "0.07", true), ("0.1", "0.3", true),
            ("0.1", "1e-1", true), ("0.1", "0.35", false), ("0.0001", "0.0075", true), ("0.0001", "0.00751", false),
            ("2", "10", true), ("2", "7", false), ("2", "-8", true), ("2", "0", true), ("0.01", "0.0", true),
            ("2", "7.0", false), ("2", "8.0", true), ("2", "8.5", false), ("3", "1e2", false), ("3", "3e2", true),
            ("3", "9223372036854775807", false), ("7", "9223372036854775807", true),
            ("2", "-9223372036854775808", true),
            ("5", "18446744073709551615", true), ("5", "18446744073709551614", false),
            ("7", "123456789012345678901234567890", true), ("7", "123456789012345678901234567891", false),
            ("10", "123456789012345678901234567890", true),
            ("123456789", "15241578750190521000000000000000000", true), ("1e20", "3e21", true), ("1e20", "3e19", false),
            ("1e20", "5", false), ("1e-5", "1e1000", true), ("3", "1e1000000000000000000000", false),
            ("3", "3e1000000000000000000000", true), ("0.5", "1e308", true), ("1", "1e400", true),
            ("1", "1e-400", false),
            ("999999999999999999", "999999999999999999", true), ("999999999999999999", "1999999999999999998", true),
            ("999999999999999999", "999999999999999998999999999999999999", false), ("1.5", "4.5", true),
            ("1.50", "4.500e0", true), ("1.5", "4", false), ("1e-400", "3", true),
        ])
    func multiples(_ divisor: String, _ number: String, _ isMultiple: Bool) throws {
        let found = try outcome(number, #"{"multipleOf":\#(divisor)}"#)
        #expect(found == (isMultiple ? .valid : violation("", .multipleOf)))
    }

    @Test("a number of 60,000 digits is looked at once")
    func long() throws {
        let digits = String(repeating: "3", count: 60_000)
        #expect(try outcome(digits, #"{"multipleOf":3}"#) == .valid)
        #expect(try outcome(digits + "1", #"{"multipleOf":3}"#) == violation("", .multipleOf))
        #expect(try outcome("0." + String(repeating: "0", count: 60_000) + "1", #"{"multipleOf":3}"#).isInvalid)
    }
}
