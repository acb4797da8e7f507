"""What can be said of a set of vectors before anything is built on it: one idea a module."""
