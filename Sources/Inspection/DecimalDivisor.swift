/// What `multipleOf` divides by: a decimal number, digits × 10^exponent. Division is exact, on decimals as they are written:
/// 19.99 is a multiple of 0.01, which it is not for doubles.
struct DecimalDivisor: Sendable, Hashable {
    /// At least 1, below 10^18, and not a multiple of 10.
    private let digits: UInt64
    private let exponent: Int
    /// The divisor, where it is whole and 64 bits hold it; otherwise 0.
    private let whole: Int64

    /// nil with more than 18 significant digits, or for what is not above 0. `text` is a JSON number.
    init?(_ text: Span<UInt8>) {
        var scanner = DecimalScanner(modulus: 1_000_000_000_000_000_000)
        scanner.scan(text)
        let digits = scanner.remainder
        let exponent = scanner.exponent
        guard text[0] != UInt8(ascii: "-") && digits > 0 && scanner.significantDigits <= 18 else { return nil }
        self.digits = digits
        self.exponent = exponent
        var whole = Int64(digits)
        for _ in 0..<max(0, min(exponent, 20)) {
            let (product, overflows) = whole.multipliedReportingOverflow(by: 10)
            whole = overflows ? 0 : product
        }
        self.whole = exponent < 0 || exponent > 18 ? 0 : whole
    }

    /// Whether a whole number is a multiple; nil where that must be found out on its digits.
    func divides(_ integer: Int64) -> Bool? {
        // The smallest integer by -1 overflows; the divisor is above 0.
        whole > 0 ? integer % whole == 0 : nil
    }

    /// Whether a JSON number is a multiple. Linear in its length, whatever its exponent.
    func divides(_ text: Span<UInt8>) -> Bool {
        var scanner = DecimalScanner(modulus: digits)
        scanner.scan(text)
        guard scanner.significantDigits > 0 else { return true }
        // Neither number's digits end in 0: with the smaller exponent, the other cannot be a multiple.
        let shift = scanner.exponent - exponent
        guard shift >= 0 else { return false }
        return Self.product(scanner.remainder, Self.powerOfTen(shift, modulus: digits), modulus: digits) == 0
    }

    private static func powerOfTen(_ exponent: Int, modulus: UInt64) -> UInt64 {
        var result = 1 % modulus
        var square = 10 % modulus
        var rest = exponent
        while rest > 0 {
            if rest & 1 == 1 { result = product(result, square, modulus: modulus) }
            square = product(square, square, modulus: modulus)
            rest >>= 1
        }
        return result
    }

    /// Both factors are below the modulus, so that the quotient is.
    private static func product(_ left: UInt64, _ right: UInt64, modulus: UInt64) -> UInt64 {
        modulus.dividingFullWidth(left.multipliedFullWidth(by: right)).remainder
    }
}

/// Reads a JSON number's significant digits, without zeros in front and at the end, modulo a number up to 10^18.
private struct DecimalScanner {
    private let modulus: UInt64
    private(set) var remainder: UInt64 = 0
    private(set) var significantDigits = 0
    /// The power of ten that the digits are to be multiplied with.
    private(set) var exponent = 0
    private var zeros = 0

    init(modulus: UInt64) { self.modulus = modulus }

    mutating func scan(_ text: Span<UInt8>) {
        var at = 0
        var isFraction = false
        while at < text.count {
            let byte = text[at]
            at += 1
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                add(UInt64(byte - UInt8(ascii: "0")))
                if isFraction { exponent -= 1 }
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                exponent += Self.writtenExponent(text, from: at)
                at = text.count
            default: break
            }
        }
        exponent += zeros
    }

    private mutating func add(_ digit: UInt64) {
        guard digit > 0 else {
            if significantDigits > 0 { zeros += 1 }
            return
        }
        for _ in 0..<zeros { append(0) }
        zeros = 0
        append(digit)
    }

    private mutating func append(_ digit: UInt64) {
        significantDigits += 1
        // Below 10^19, which 64 bits hold.
        remainder = (remainder * 10 + digit) % modulus
    }

    /// Far from an overflow: beyond 10^12 digits no longer count.
    private static func writtenExponent(_ text: Span<UInt8>, from start: Int) -> Int {
        var value = 0
        var isNegative = false
        for index in start..<text.count {
            let byte = text[index]
            switch byte {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if value < 1 << 40 { value = value * 10 + Int(byte - UInt8(ascii: "0")) }
            default: break
            }
        }
        return isNegative ? -value : value
    }
}
