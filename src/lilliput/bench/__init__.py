"""Races and checks that print figures."""
