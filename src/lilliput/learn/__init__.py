"""Learning of embeddings; the static text embedder needs nothing but numpy."""

from lilliput.learn.static import StaticEmbedder

__all__ = ["StaticEmbedder"]
