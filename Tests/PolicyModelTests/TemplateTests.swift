import PolicyModel
import Testing

struct TemplateTests {
    private static func expanded(_ text: String) throws -> String {
        try Template(parsing: text).expanded { variable in
            switch variable {
            case .tokenSubject: "SUBJECT"
            case .tokenID: "ID"
            case .tokenClaim(let name): "CLAIM(\(name))"
            case .clientIP: "IP"
            case .clientCertificate: "CERTIFICATE"
            case .requestID: "REQUEST"
            case .match(let name): "MATCH(\(name))"
            }
        }
    }

    @Test(arguments: [
        ("", ""), ("plain", "plain"), ("${client.ip}", "IP"), ("a ${token.subject} b", "a SUBJECT b"),
        ("${token.id}${request.id}", "IDREQUEST"), ("${token.claims.org_id}", "CLAIM(org_id)"),
        ("${token.claims.a.b}", "CLAIM(a.b)"), ("${client.certificate}", "CERTIFICATE"),
        ("${match.year}", "MATCH(year)"),
        ("$", "$"), ("a$", "a$"), ("$5", "$5"), ("$$", "$$"), ("$${client.ip}", "$IP"),
        ("$ {client.ip}", "$ {client.ip}"),
        ("}{", "}{"), ("é${client.ip}é", "éIP\u{e9}"), ("${client.ip}\u{301}", "IP\u{301}"),
        ("max-age=63072000", "max-age=63072000"),
    ])
    func `variables are filled in, all else stays`(text: String, expected: String) throws {
        #expect(try Self.expanded(text) == expected)
    }

    @Test(arguments: [
        ("${", Template.ParseError.unterminated), ("a ${client.ip", .unterminated), ("${}", .unknownVariable("")),
        ("${client.port}", .unknownVariable("client.port")), ("${Client.ip}", .unknownVariable("Client.ip")),
        ("${token.claims.}", .unknownVariable("token.claims.")), ("${ client.ip }", .unknownVariable(" client.ip ")),
        ("${client.ip} ${x}", .unknownVariable("x")), ("${a${client.ip}", .unknownVariable("a${client.ip")),
    ])
    func `anything else is refused with its reason`(text: String, error: Template.ParseError) {
        #expect(throws: error) { try Template(parsing: text) }
    }

    @Test(arguments: [
        ("x", false), ("${client.ip}${request.id}${client.certificate}", false), ("${token.subject}", true),
        ("a${client.ip}${token.claims.x}", true),
        ("${token.id}", true),
    ])
    func `a variable knows whether it needs a token`(text: String, needsToken: Bool) throws {
        #expect(try Template(parsing: text).variables.contains(where: \.needsToken) == needsToken)
    }
}
