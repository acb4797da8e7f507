"""Advice: a budget or a floor in, a measured plan with an honest forecast out."""

from lilliput.advisor.advise import advise
from lilliput.advisor.budget import Budget, parse_budget
from lilliput.advisor.candidates import Candidate
from lilliput.advisor.floors import parse_floors
from lilliput.advisor.plan import Plan, Row

__all__ = ["Budget", "Candidate", "Plan", "Row", "advise", "parse_budget", "parse_floors"]
