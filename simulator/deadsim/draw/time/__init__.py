"""Runs over time.

film          what changes in a run, from when to when
axis          steps as columns
lanes         what stands in the lanes of a timeline
timeline      SVG
sequence      a sequence diagram in Mermaid
steps_graph   the steps as a graph
trace_events  trace events, for Perfetto
"""
