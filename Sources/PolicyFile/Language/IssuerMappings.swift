import PolicyModel

extension PolicyMapping {
    /// Who makes tokens.
    static let issuerMappings: [PolicyMapping: MappingDescription] = [
        .tokenIssuer: MappingDescription(
            subject: "a token issuer", meaning: "Who makes tokens, and how they are verified.",
            keys: [
                .optional(
                    "builtin", .mapping(.builtin),
                    "`portcullis token issue`: keys and revocations are in the state folder."),
                .optional("jwt", .mapping(.jwt), "Another issuer of JSON Web Tokens."),
            ], isChoice: true,
            examples: [
                PolicyExample(
                    .file,
                    """
                    token_issuers:
                      local: { builtin: {} }
                      corporate:
                        jwt:
                          issuer: https://id.example.com/
                          audiences: [chat]
                          algorithms: [ES256, RS256]
                          keys: { url: "https://id.example.com/jwks.json", refresh: 5m, timeout: 5s, ca: certs/id.pem }
                          clock_skew: 30s
                          scope_claim: /permissions
                          required_claims:
                            - { pointer: /groups, contains: staff }
                            - { pointer: /email_verified, equals: true }
                      devices:
                        jwt: { issuer: devices, audiences: [chat], algorithms: [HS256], keys: { file: devices.json } }
                    """)
            ]),
        .builtin: MappingDescription(
            subject: "`builtin`", meaning: "The gateway's own issuer. It has no settings: `{}`.", keys: []),
        .jwt: MappingDescription(
            subject: "`jwt`", meaning: "An issuer of JSON Web Tokens (RFC 7519), verified as RFC 8725 asks.",
            keys: [
                .required(
                    "issuer", .text,
                    "What the tokens' `iss` says, exactly; a token is judged by the issuer that it names."),
                .required("audiences", .list(.text, minimum: 1), "One of them at least must be in `aud`."),
                .required(
                    "algorithms", .list(.choice(JWTSettings.Algorithm.self), minimum: 1),
                    "No other `alg` is looked at. HS256, HS384 and HS512 do not go with the others."),
                .required("keys", .mapping(.keys), "A JSON Web Key Set (RFC 7517), of 100 keys and 256 KiB at most."),
                .optional(
                    "clock_skew", .duration(.milliseconds(1) ... .seconds(300)), else: "30s",
                    "How far the issuer's clock may be off."),
                .optional(
                    "scope_claim", .form(.pointer), or: "`/scope`, else `/scp`",
                    "Where the scopes are: words with spaces between, or a list."),
                .optional(
                    "required_claims", .list(.mapping(.requiredClaim)), else: "[]",
                    "What a token must say; all of it must hold."),
            ]),
        .keys: MappingDescription(
            subject: "`keys`", meaning: "Where an issuer's keys are.",
            keys: [
                .optional("file", .form(.file), "A file, read again whenever it changes."),
                .optional(
                    "url", .form(.serviceURL),
                    "A service: `https://`, or `http://` to this machine. Not for HS256, HS384 and HS512."),
                .optional(
                    "refresh", .duration(.seconds(30) ... .seconds(86_400)), else: "5m",
                    "How often the service is asked where its answer does not say for how long it is good."),
                .optional(
                    "timeout", .duration(.milliseconds(100) ... .seconds(60)), else: "5s", "For the service's answer."),
                .optional(
                    "ca", .form(.file), or: "the system's authorities",
                    "Those who may sign the service's certificate, in PEM."),
            ], demands: [.exactlyOne(["file", "url"])]),
        .requiredClaim: MappingDescription(
            subject: "an entry of `required_claims`", meaning: "Something that a token must say.",
            keys: [
                .required("pointer", .form(.pointer), "Which claim."),
                .optional("equals", .scalar, "Its value."),
                .optional(
                    "contains", .scalar,
                    "An element of the list that it is. It never holds for a text: that is no list of its words."),
            ], demands: [.exactlyOne(["equals", "contains"])]),
    ]
}
