"""Work that nobody is awake for: the nightly run, its lock, its steps and its report."""
