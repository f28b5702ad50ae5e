"""Daily logs of people: the data set, its splits, and how logs are read."""
