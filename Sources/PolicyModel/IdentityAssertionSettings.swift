/// `identity_assertion`: a short-lived signed JWT tells the server behind who the client is.
package struct IdentityAssertionSettings: Sendable, Hashable {
    /// The header that carries it.
    package var header = "X-Portcullis-Assertion"
    /// `aud` of the assertion: the server that it is for.
    package var audience: String
    /// For how long it is good.
    package var lifetime = Duration.seconds(60)

    package init(audience: String) {
        self.audience = audience
    }
}
