/// Which of a gateway's workers this is.
struct WorkerShare {
    /// Counted from 0.
    var index = 0
    var count = 1
}
