"""Stateless search: over executions, one of each class or some that are drawn."""
