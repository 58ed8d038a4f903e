"""Witnesses (counterexamples): the schedule that shows a defect, as short as can be had."""
