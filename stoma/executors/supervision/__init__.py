"""What executors share: the process of an attempt, and the thread that watches attempts."""
