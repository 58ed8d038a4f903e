"""One run: a program, a strategy, an engine and watchers, judged against `expect`.

once     carry a scenario out once
judge    what a run says about the claims
result   what is known after it
playback  its states once more, in memory, and where everything stood
"""
