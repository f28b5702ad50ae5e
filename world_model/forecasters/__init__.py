"""Statistical forecasters of the next days of a log, by which the dream is judged."""
