extension GatewayControl {
    /// All metrics in Prometheus's text format, version 0.0.4. Asks the workers, and waits a second at most for one that is
    /// busy: not to be called on one of them.
    func metricsText() -> [UInt8] {
        Exposition.text(of: metrics.collect(policy, from: workers))
    }
}
