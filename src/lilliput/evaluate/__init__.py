"""What is true and how near an answer comes: ground truth, metrics, intervals and data to measure on."""

from lilliput.evaluate.datasets import Dataset, clustered, load
from lilliput.evaluate.docstrings import Passage, passages
from lilliput.evaluate.intervals import Interval, bootstrap_interval, forecast_interval
from lilliput.evaluate.known import KnownItems, known_items
from lilliput.evaluate.ranking import judged_recall_at_k, mrr_at_k, ndcg_at_k, recall_at_k
from lilliput.evaluate.truth import Neighbours, exact_neighbours, exact_scores

__all__ = [
    "Dataset",
    "Interval",
    "KnownItems",
    "Neighbours",
    "Passage",
    "bootstrap_interval",
    "clustered",
    "exact_neighbours",
    "exact_scores",
    "forecast_interval",
    "judged_recall_at_k",
    "known_items",
    "load",
    "mrr_at_k",
    "ndcg_at_k",
    "passages",
    "recall_at_k",
]
