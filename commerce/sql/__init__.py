"""What each engine calls the operations that the checks need."""
