"""Pictures.

tokens     colours, fonts and the style sheets that pictures carry
measure    how wide a text is
svg        elements of a picture
graphs     threads and objects as nodes, and what links them as arrows
time       a run from its first step to its last
player     a run as a page, to be gone through step by step
"""
