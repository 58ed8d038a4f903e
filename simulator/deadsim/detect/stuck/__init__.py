"""Deciding who is stuck: can never take another step, whatever the schedule."""
