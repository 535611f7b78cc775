import PolicyFile
import PolicyModel

extension SettingsReader {
    /// What `make` makes of the settings, once all is known to be well with them; nil where it is noted what is not.
    func making<Value>(_ make: (Settings) throws(SettingsError) -> Value) -> Value? {
        let value: Value
        do throws(SettingsError) {
            value = try make(Settings(self))
        } catch {
            error.diagnostics.forEach(note)
            finish(isComplete: false)
            return nil
        }
        finish()
        return diagnostics.isEmpty ? value : nil
    }
}
