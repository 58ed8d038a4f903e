"""Steps as abstract interpretation sees them: what each could need, provide, and fail with."""
