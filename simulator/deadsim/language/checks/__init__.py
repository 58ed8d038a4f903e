"""What a file declares and claims, checked; every problem with its place."""
