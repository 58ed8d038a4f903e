"""What is known after a search: of each claim, and of each defect."""
