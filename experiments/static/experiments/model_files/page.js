// The page of a run's model files: lists those that there are, asks for others and waits for them.
