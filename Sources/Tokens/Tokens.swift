// The seat of this target until its first file arrives.
