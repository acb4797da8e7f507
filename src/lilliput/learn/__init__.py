"""Texts into vectors: a real model of sentence-transformers, or a static embedder that needs only numpy."""

from lilliput.learn.encoder import Encoder
from lilliput.learn.static import StaticEmbedder

__all__ = ["Encoder", "StaticEmbedder"]
