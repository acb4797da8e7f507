"""One spelling of each kind of codec, for tests that must hold for all."""

SPECS = [
    "f32",
    "f16",
    "bf16",
    "f8",
    "f8(format=e5m2)",
    "int8",
    "int4",
    "int4(scale=dim)",
    "int8(scale=global)",
    "bin",
    "rabitq1",
    "rabitq3",
    "rabitq8",
    "pca5,int8",
    "mrl9,rotate,bin",
]
