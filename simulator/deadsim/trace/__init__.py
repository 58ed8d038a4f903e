"""What happened: events, schedules and their text form, findings."""
