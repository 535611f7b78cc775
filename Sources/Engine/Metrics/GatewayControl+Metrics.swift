extension GatewayControl {
    /// All metrics in Prometheus's text format, version 0.0.4.
    func metricsText() -> [UInt8] {
        let version = policy.runtime.policyVersion
        return Array(
            """
            # HELP portcullis_policy_info The policy in force.
            # TYPE portcullis_policy_info gauge
            portcullis_policy_info{version="\(version)"} 1

            """.utf8)
    }
}
