"""What is true and how near an answer comes: ground truth, metrics, intervals and data to measure on."""

from lilliput.evaluate.breakdown import Breakdown, QueryValue, breakdown
from lilliput.evaluate.datasets import Dataset, clustered, load
from lilliput.evaluate.diagnose import Diagnosis, diagnose
from lilliput.evaluate.docstrings import Passage, passages
from lilliput.evaluate.intervals import Interval, bootstrap_interval, forecast_interval
from lilliput.evaluate.known import KnownItems, known_items
from lilliput.evaluate.overlap import rank_biased_overlap
from lilliput.evaluate.ranking import (
    hit_rate_at_k,
    judged_recall_at_k,
    map_at_k,
    mrr_at_k,
    ndcg_at_k,
    precision_at_k,
    recall_at_k,
)
from lilliput.evaluate.significance import Comparison, randomisation_test
from lilliput.evaluate.truth import Neighbours, exact_neighbours, exact_scores

__all__ = [
    "Breakdown",
    "Comparison",
    "Dataset",
    "Diagnosis",
    "Interval",
    "KnownItems",
    "Neighbours",
    "Passage",
    "QueryValue",
    "bootstrap_interval",
    "breakdown",
    "clustered",
    "diagnose",
    "exact_neighbours",
    "exact_scores",
    "forecast_interval",
    "hit_rate_at_k",
    "judged_recall_at_k",
    "known_items",
    "load",
    "map_at_k",
    "mrr_at_k",
    "ndcg_at_k",
    "passages",
    "precision_at_k",
    "randomisation_test",
    "rank_biased_overlap",
    "recall_at_k",
]
