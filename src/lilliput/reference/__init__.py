"""Slow, plain numpy versions of every kernel: the specification that tests compare with."""
